//! One line a case, and the closing count.

/// What became of a case.
pub enum Outcome {
    /// every part that the case has was checked, and right
    Passed(String),
    /// something was wrong
    Failed(String),
}

/// The count.
#[derive(Default)]
pub struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// Prints a case's line and counts it.
    pub fn add(&mut self, name: &str, outcome: &Outcome) {
        let (count, word, text) = match outcome {
            Outcome::Passed(text) => (&mut self.passed, "ok  ", text),
            Outcome::Failed(text) => (&mut self.failed, "FAIL", text),
        };
        *count += 1;
        let mut text = text.replace('\n', " ");
        if let Some((cut, _)) = text.char_indices().nth(400) {
            text.truncate(cut);
        }
        println!("{word} {name}: {text}");
    }

    /// Prints `N passed, N failed, 0 skipped`, as every part of a case can be run; false when one failed or none was there.
    pub fn close(&self) -> bool {
        println!("{} passed, {} failed, 0 skipped", self.passed, self.failed);
        self.failed == 0 && self.passed > 0
    }
}
