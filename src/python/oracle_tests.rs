//! Every snippet of `tests/oracle/python_snippets.txt` prints and raises what CPython 3.11 prints and raises.

use super::Interpreter;
use super::program::Program;

/// Deep programs in a debug build want more stack than a test thread has.
fn on_a_large_stack(body: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(body).unwrap();
    thread.join().unwrap();
}

fn run(source: &str) -> (String, Option<String>) {
    let program = match Program::parse(source, "model.py") {
        Ok(program) => program,
        Err(error) => return (String::new(), Some(error.message)),
    };
    let mut interpreter = Interpreter::new(None);
    interpreter.max_steps = 300_000;
    let result = interpreter.run_whole(&program);
    (interpreter.printed().to_owned(), result.err().map(|error| error.message))
}

#[test]
fn snippets_equal_cpython() {
    on_a_large_stack(|| {
        let text = include_str!("../../tests/oracle/python.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        let mut failures = Vec::new();
        for case in &cases {
            let source = case["source"].as_str().unwrap();
            let (printed, error) = run(source);
            if printed != case["printed"].as_str().unwrap() || error.as_deref() != case["error"].as_str() {
                failures.push(format!(
                    "{source}\n  ours:   {printed:?} {error:?}\n  python: {} {}",
                    case["printed"], case["error"]
                ));
            }
        }
        assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), cases.len(), failures.join("\n\n"));
    });
}

#[test]
fn limits_hold() {
    on_a_large_stack(|| {
        for (source, limit) in [
            ("while True: pass", "steps"),
            ("def f(): return f()\nf()", "calls"),
            ("x = [0] * 10**12", "steps"),
            ("x = 'a' * 10**12", "steps"),
            ("x = []\nwhile True: x.append(x)", "steps"),
            ("def g():\n  while True: yield 1\nlist(g())", "steps"),
            ("import itertools\nlist(itertools.count())", "steps"),
            ("x = 0\nfor i in range(5000): x = [x]\nprint(x)", "depth"),
            ("x = 0\nfor i in range(50000): x = (x,)\ny = 5", ""),
        ] {
            let (_, error) = run(source);
            match limit {
                "" => assert_eq!(error, None, "{source}"),
                limit => assert!(error.as_ref().is_some_and(|e| e.contains(limit)), "{source}: {error:?}"),
            }
        }
        let deep = format!("x = {}1{}", "(".repeat(500), ")".repeat(500));
        assert!(run(&deep).1.is_some_and(|e| e.contains("parentheses")));
        assert!(run(&format!("x = {}1", "-".repeat(5000))).1.is_some_and(|e| e.contains("operators")));
    });
}
