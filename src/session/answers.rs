//! Answers to what a trace asks: `lengths.max().item()`, a boolean mask, an `if` about values. The graph up to the value runs on the inputs,
//! and the trace begins again with what it gave ([`crate::nn::asking`]).

use super::compiled::Compiled;
use super::model::Model;
use crate::engine::program::Program;
use crate::engine::value::Value;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::network::trace::{Call, Question};
use crate::nn::asking::Answers;
use crate::source::Quiet;

/// Questions of one run. Each begins the trace anew, so that their cost grows with the square of their number.
const MAX_QUESTIONS: usize = 256;
/// Graphs that are kept: one for each mode, set of input shapes and answers.
const MAX_PROGRAMS: usize = 16;

/// A graph of forward, or of what forward asks.
pub(super) struct Traced {
    training: bool,
    call: Call,
    answers: Answers,
    /// it holds random numbers of Python's, drawn for one run
    once: bool,
    /// the value that it computes, where that is all it does
    asks: Option<ValueId>,
    pub(super) program: Compiled,
}

impl Model {
    /// The graph for these inputs, traced when it is not there yet: its place, and whether it is new.
    pub(super) async fn program(&mut self, call: &Call, inputs: &[Value]) -> Result<(usize, bool)> {
        let mut answers = Answers::new();
        let mut fresh = false;
        loop {
            let at = match self.traced(call, &answers) {
                Some(at) => at,
                None => {
                    fresh = true;
                    self.trace(call, &answers)?
                }
            };
            let Some(Traced { asks: Some(value), program, .. }) = self.programs.get_mut(at) else {
                return Ok((at, fresh));
            };
            let value = *value;
            let given = inputs.get(..program.inputs()).unwrap_or(inputs).to_vec();
            let outputs = program.run(&self.device, &self.weights, given, &Quiet).await?;
            told(&mut answers, value, outputs.get(value)).await?;
        }
    }

    fn traced(&self, call: &Call, answers: &Answers) -> Option<usize> {
        let same = |t: &Traced| !t.once && t.training == self.training && t.call == *call && t.answers == *answers;
        self.programs.iter().position(same)
    }

    fn trace(&mut self, call: &Call, answers: &Answers) -> Result<usize> {
        let (graph, asks) = match self.network.asking(answers, |network| network.trace(call))? {
            Ok(graph) => (graph, None),
            Err(question) => {
                bounded(answers, &question)?;
                (question.graph, Some(question.value))
            }
        };
        let program = Compiled::new(graph, self.training)?;
        if self.programs.len() == MAX_PROGRAMS {
            self.programs.remove(0);
        }
        let (training, call, answers, once) = (self.training, call.clone(), answers.clone(), self.network.drew());
        self.programs.push(Traced { training, call, answers, once, asks, program });
        Ok(self.programs.len() - 1)
    }

    /// Computes what is asked, with the weights as they are now.
    pub(super) async fn answer(&self, question: Question, inputs: &[Value], answers: &mut Answers) -> Result<()> {
        bounded(answers, &question)?;
        let value = question.value;
        let given = inputs.get(..question.graph.inputs.len()).unwrap_or(inputs).to_vec();
        let outputs = Program::new(question.graph)?.run(&self.device, &self.weights, given, &Quiet).await?;
        told(answers, value, outputs.get(value)).await
    }
}

fn bounded(answers: &Answers, question: &Question) -> Result<()> {
    if answers.len() < MAX_QUESTIONS {
        return Ok(());
    }
    let what = "the number of values that forward reads from tensors in one run";
    let error = Error::too_large(what, MAX_QUESTIONS + 1, MAX_QUESTIONS);
    Err(match &question.place {
        Some(place) => error.at(place.clone()),
        None => error,
    })
}

async fn told(answers: &mut Answers, value: ValueId, computed: Option<&Value>) -> Result<()> {
    let computed = computed.ok_or_else(|| Error::mismatch("a value that no node makes"))?;
    answers.push((value, computed.read().await?));
    Ok(())
}
