//! Values that only a run knows and that a trace cannot go on without: `lengths.max().item()`, `x[mask]`, `if score > 0`.
//!
//! A trace has shapes and no values. What it cannot go on without becomes a question: the trace ends there, whoever has the inputs runs the
//! graph up to that value, and the trace begins again with the answer. Traces are deterministic, so that a value is the same one each time.

use crate::data::TensorData;
use crate::graph::ValueId;

/// What a run has told so far: values by their place in the trace, in the order in which they were asked for.
pub type Answers = Vec<(ValueId, TensorData)>;

/// Questions and answers of one trace.
#[derive(Debug, Default)]
pub struct Asking {
    /// none while there is nobody to ask: a summary, an export
    answers: Option<Answers>,
    question: Option<ValueId>,
}

impl Asking {
    /// From here on values may be asked for; these are known.
    pub fn with(answers: Answers) -> Self {
        Self { answers: Some(answers), question: None }
    }

    /// The answer, where it was given.
    pub fn answer(&self, id: ValueId) -> Option<&TensorData> {
        self.answers.as_ref()?.iter().find(|(asked, _)| *asked == id).map(|(_, data)| data)
    }

    /// Notes that the trace cannot go on without a value, if there is somebody to ask.
    pub fn ask(&mut self, id: ValueId) {
        if self.answers.is_some() {
            self.question.get_or_insert(id);
        }
    }

    /// The trace goes on without it after all.
    pub fn withdraw(&mut self) {
        self.question = None;
    }

    /// What is asked, if anything is.
    pub fn question(&self) -> Option<ValueId> {
        self.question
    }
}
