//! What records gradients: burn's tape under rank-free tensors, and a way to give it rules of our own.
//!
//! burn tracks whatever a tracked float goes through; tensors that are not tracked are constants beside it, and stay plain. Where
//! burn's rule for an operator is not torch's, [`Tensor::with_rule`] records ours. Gradients are plain tensors: first order only.

use super::cpu;
use super::tensor::{Facts, Kind, Tensor};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, BackendTensor, Dispatch, DispatchAutodiffContext, DispatchKindConversion,
    DispatchTensor, Flex,
};
use std::fmt;
use std::sync::Arc;

/// The gradients of one walk back.
pub struct Walked(Gradients);

impl Walked {
    /// The gradient of a leaf, if it had a part in the result.
    pub fn take(&mut self, leaf: &Tensor) -> Option<Tensor> {
        let inner = Dispatch::grad_remove(&leaf.inner, &mut self.0)?;
        Some(Tensor { inner, facts: leaf.facts })
    }
}

impl Tensor {
    /// A float as the end of gradients.
    pub fn leaf(self) -> Self {
        let facts = self.facts;
        let inner = Dispatch::from_inner(self.detach_inner());
        Self { inner: Dispatch::float_set_require_grad(inner, true), facts }
    }

    /// Whether a gradient reaches it.
    pub fn tracked(&self) -> bool {
        Dispatch::is_tracked(&self.inner)
    }

    /// Cut off from the gradient.
    pub fn detach(self) -> Self {
        let facts = self.facts;
        Self { inner: self.detach_inner(), facts }
    }

    fn detach_inner(self) -> DispatchTensor {
        match (self.kind(), self.inner.autodiff) {
            (_, DispatchAutodiffContext::Disabled) => self.inner,
            (Kind::Float, _) => Dispatch::inner(self.inner),
            _ => Dispatch::int_inner(self.inner),
        }
    }

    /// Walks back from a tracked tensor and frees what was recorded.
    pub fn backward(self) -> Walked {
        Walked(Dispatch::backward(self.inner))
    }

    /// `value`, whose gradient `rule` turns into one for each of `inputs`, in their shapes; all plain tensors.
    pub fn with_rule<const N: usize>(
        value: Self,
        inputs: [&Self; N],
        rule: impl Fn(Self) -> [Self; N] + Send + Sync + 'static,
    ) -> Self {
        let facts = value.facts;
        let value = value.detach_inner();
        if !inputs.iter().any(|t| t.tracked()) {
            return Self { inner: value, facts };
        }
        let rule = Rule { back: Arc::new(rule), facts };
        let inputs = inputs.map(|t| t.inner.clone());
        #[cfg(feature = "webgpu")]
        if facts.gpu {
            return Self { inner: record::<burn::backend::Cube, N>(inputs, value, rule), facts };
        }
        Self { inner: record::<Flex, N>(inputs, value, rule), facts }
    }

    /// `function` element by element; `slope` gives its derivative of x and of the function's value when the gradient is asked for.
    pub fn apply(
        self,
        function: impl FnOnce(Self) -> Self,
        slope: impl Fn(Self, Self) -> Self + Send + Sync + 'static,
    ) -> Self {
        if !self.tracked() {
            return function(self);
        }
        let at = self.clone().detach();
        let y = function(at.clone());
        let value = y.clone();
        Self::with_rule(value, [&self], move |gradient| [gradient.mul(slope(at.clone(), y.clone()))])
    }
}

/// A rule of ours on burn's tape.
#[derive(Clone)]
struct Rule<const N: usize> {
    back: Arc<dyn Fn(Tensor) -> [Tensor; N] + Send + Sync>,
    facts: Facts,
}

impl<const N: usize> fmt::Debug for Rule<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("inputs", &N).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Given;

impl<B: Backend, const N: usize> Backward<B, N> for Given
where
    DispatchTensor: DispatchKindConversion<B>,
{
    type State = Rule<N>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let own = DispatchTensor::from_backend(BackendTensor::<B>::Float(gradients.consume::<B>(&ops.node)));
        let all = (ops.state.back)(cpu::forwards(Tensor { inner: own, facts: ops.state.facts }));
        for (parent, gradient) in ops.parents.into_iter().zip(all) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, backend::<B>(gradient.detach_inner()).float());
            }
        }
    }
}

fn record<B: Backend, const N: usize>(
    inputs: [DispatchTensor; N],
    value: DispatchTensor,
    rule: Rule<N>,
) -> DispatchTensor
where
    DispatchTensor: DispatchKindConversion<B> + DispatchKindConversion<Autodiff<B>>,
{
    let nodes = inputs.map(|t| {
        let enabled = t.autodiff != DispatchAutodiffContext::Disabled;
        backend::<Autodiff<B>>(if enabled { t } else { Dispatch::from_inner(t) }).float().node()
    });
    let value = backend::<B>(value).float();
    let recorded = match Backward::<B, N>::prepare::<NoCheckpointing>(Given, nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(rule, value),
        OpsKind::UnTracked(prepared) => prepared.finish(value),
    };
    DispatchTensor::from_backend(BackendTensor::<Autodiff<B>>::Float(recorded))
}

/// The tensor as its backend has it.
fn backend<B: Backend>(tensor: DispatchTensor) -> BackendTensor<B>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    match DispatchTensor::try_into_backend(tensor) {
        Ok(tensor) => tensor,
        Err(text) => unreachable!("tensors of one operator are on one device: {text}"),
    }
}
