//! The exported class `Model`: a network with its weights on a device.

use super::error::to_js;
use super::progress::JsProgress;
use super::slot::Slot;
use super::{argument, object, save, tensor};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::network::trace::{Argument, Call};
use crate::network::zoo::Recognised;
use crate::session::model::Model as Network;
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

/// A built network. What can be asked during a run is kept beside it.
#[wasm_bindgen]
pub struct Model {
    pub(super) slot: Slot<Network>,
    name: Option<String>,
    device: Rc<RefCell<JsValue>>,
    recognised: JsValue,
    missing: Vec<String>,
    unexpected: Vec<String>,
    construct: JsValue,
    training: Rc<Cell<bool>>,
}

impl Model {
    /// Wraps a network; `name` is the file's.
    pub fn new(network: Network, name: Option<String>) -> Self {
        Self {
            name,
            device: Rc::new(RefCell::new(device(&network))),
            recognised: network.recognised().map_or(JsValue::UNDEFINED, recognised),
            missing: network.missing_keys().to_vec(),
            unexpected: network.unexpected_keys().to_vec(),
            // plain strings and flags: it has no number that JavaScript could not hold
            construct: network
                .construct()
                .map_or(JsValue::UNDEFINED, |c| object::plain(c).unwrap_or(JsValue::UNDEFINED)),
            training: Rc::new(Cell::new(network.training())),
            slot: Slot::new(network),
        }
    }

    fn mode(&self, training: bool) -> Result<(), JsValue> {
        let set = self.slot.with(|network| {
            network.train(training);
            Ok(())
        });
        set.map_err(|e| to_js(&e))?;
        self.training.set(training);
        Ok(())
    }
}

#[wasm_bindgen]
impl Model {
    /// `{kind, name, reason?}`
    #[wasm_bindgen(getter)]
    pub fn device(&self) -> JsValue {
        self.device.borrow().clone()
    }

    /// `{name, construct?, confidence, notes}` where the network was found without source
    #[wasm_bindgen(getter)]
    pub fn recognised(&self) -> JsValue {
        self.recognised.clone()
    }

    /// `module.training`
    #[wasm_bindgen(getter)]
    pub fn training(&self) -> bool {
        self.training.get()
    }

    /// `missing_keys` of load_state_dict
    #[wasm_bindgen(getter, js_name = missingKeys)]
    pub fn missing_keys(&self) -> Vec<String> {
        self.missing.clone()
    }

    /// `unexpected_keys` of load_state_dict
    #[wasm_bindgen(getter, js_name = unexpectedKeys)]
    pub fn unexpected_keys(&self) -> Vec<String> {
        self.unexpected.clone()
    }

    /// `{expression, arguments}`, or undefined for a whole module
    #[wasm_bindgen(getter)]
    pub fn construct(&self) -> JsValue {
        self.construct.clone()
    }

    /// Eval mode: dropout passes, batch norm uses its running statistics.
    pub fn eval(&self) -> Result<(), JsValue> {
        self.mode(false)
    }

    /// Train mode.
    pub fn train(&self) -> Result<(), JsValue> {
        self.mode(true)
    }

    /// `to(device: "auto" | "webgpu" | "cpu", progress, signal?): Promise<{kind, name, reason?}>`
    pub fn to(&self, choice: String, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        let (slot, place) = (self.slot.clone(), self.device.clone());
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            let choice = argument::device(Some(&choice))?;
            let found = slot
                .with_async(async |network| {
                    network.to(choice, &progress).await?;
                    Ok(device(network))
                })
                .await?;
            place.replace(found.clone());
            Ok(found)
        })
    }

    /// forward's parameters.
    pub fn inputs(&self) -> Result<JsValue, JsValue> {
        self.slot.with(|network| object::plain(&network.inputs())).map_err(|e| to_js(&e))
    }

    /// `run(inputs: Tensor[] | {[name]: Tensor}, signal?): Promise<{output, milliseconds, warmup}>`
    pub fn run(&self, inputs: JsValue, signal: Option<AbortSignal>) -> Promise {
        let slot = self.slot.clone();
        object::promise(async move {
            let progress = JsProgress::new(&JsValue::UNDEFINED, signal);
            let inputs = argument::inputs(&inputs)?;
            let start = now();
            let ran = slot.with_async(async |network| network.run(&inputs, &progress).await).await?;
            let result = Object::new();
            object::set(&result, "milliseconds", &(now() - start).into());
            object::set(&result, "output", &argument::output(&ran.output));
            object::set(&result, "warmup", &ran.warmup.into());
            Ok(result.into())
        })
    }

    /// `summary(inputShapes?: number[][]): Row[]`
    pub fn summary(&self, shapes: JsValue) -> Result<JsValue, JsValue> {
        let table = self.slot.with(|network| {
            let call = optional_call(network, &shapes)?;
            object::plain(&network.summary(call.as_ref())?)
        });
        table.map_err(|e| to_js(&e))
    }

    /// `graph(inputShapes?: number[][]): string`, JSON
    pub fn graph(&self, shapes: JsValue) -> Result<String, JsValue> {
        let text = self.slot.with(|network| {
            let call = optional_call(network, &shapes)?;
            network.graph(call.as_ref())
        });
        text.map_err(|e| to_js(&e))
    }

    /// `stateDict(): Promise<[name, Tensor][]>`
    #[wasm_bindgen(js_name = stateDict)]
    pub fn state_dict(&self) -> Promise {
        let slot = self.slot.clone();
        object::promise(async move {
            let entries = slot.with_async(async |network| network.state_dict().await).await?;
            let pairs = entries.iter().map(|(name, data)| Array::of2(&name.as_str().into(), &tensor::to_js(data)));
            Ok(pairs.collect::<Array>().into())
        })
    }

    /// `set(name: string, tensor: Tensor): Promise<void>`
    pub fn set(&self, name: String, value: JsValue) -> Promise {
        let slot = self.slot.clone();
        object::promise(async move {
            let data = tensor::from_js(&value)?;
            slot.with(|network| network.set(&name, &data))?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `save(options: {format, as}, progress, signal?): Promise<{parts, notes, name}>`
    pub fn save(&self, options: JsValue, progress: JsValue, signal: Option<AbortSignal>) -> Promise {
        let (slot, name) = (self.slot.clone(), self.name.clone());
        object::promise(async move {
            let progress = JsProgress::new(&progress, signal);
            let options = save::options(&options)?;
            slot.with_async(async |network| save::plan(network, &options, name.as_deref(), &progress).await).await
        })
    }
}

fn device(network: &Network) -> JsValue {
    let device = Object::new();
    object::set(&device, "kind", &network.device().kind().into());
    object::set(&device, "name", &network.device().name().into());
    if let Some(reason) = network.reason() {
        object::set(&device, "reason", &reason.into());
    }
    device.into()
}

fn recognised(found: &Recognised) -> JsValue {
    object::plain(found).unwrap_or(JsValue::UNDEFINED)
}

fn optional_call(network: &mut Network, shapes: &JsValue) -> Result<Option<Call>> {
    if shapes.is_undefined() || shapes.is_null() { Ok(None) } else { call(network, shapes).map(Some) }
}

/// Positional tensors of the given shapes, in the dtypes that forward wants.
fn call(network: &mut Network, shapes: &JsValue) -> Result<Call> {
    let wrong = || Error::mismatch("inputShapes is an array of shapes").code("argument");
    let hints = network.inputs();
    let mut call = Call::default();
    for (at, shape) in shapes.dyn_ref::<Array>().ok_or_else(wrong)?.iter().enumerate() {
        let sizes = shape.dyn_ref::<Array>().ok_or_else(wrong)?.iter();
        let sizes = sizes.map(|d| object::whole(&d).and_then(|d| usize::try_from(d).ok()));
        let shape = sizes.collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        let dtype = hints.get(at).and_then(|h| h.dtype).unwrap_or(DType::Float32);
        call.positional.push(Argument::Tensor(Info { shape, dtype }));
    }
    Ok(call)
}

/// Milliseconds since some fixed moment, as precise as the browser allows.
fn now() -> f64 {
    let performance = object::get(&js_sys::global(), "performance");
    let call = |p: JsValue| Reflect::get(&p, &"now".into()).ok()?.dyn_into::<Function>().ok()?.call0(&p).ok()?.as_f64();
    performance.and_then(call).unwrap_or_else(js_sys::Date::now)
}
