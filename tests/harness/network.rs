//! Network cases: a checkpoint is opened, its network built and run, and every output compared with torch's.

use crate::report::Outcome;
use serde_json::Value;
use std::path::Path;
use std::rc::Rc;
use torchtab::data::{TensorData, numel};
use torchtab::dtype::DType;
use torchtab::engine::device::Choice;
use torchtab::error::{Error, Kind};
use torchtab::network::zoo::Confidence;
use torchtab::session::input::{Input, Inputs, Output};
use torchtab::session::model::Model;
use torchtab::session::{BuildOptions, Session};
use torchtab::source::{FileSource, Quiet};

/// What one case is run with.
pub struct Setting<'a> {
    /// its folder
    pub folder: &'a Path,
    /// `case.json`
    pub case: &'a Value,
    /// where to run
    pub device: Choice,
}

/// What was compared, and how far off it was.
#[derive(Default)]
struct Checked {
    parts: Vec<String>,
    worst: f64,
}

/// Runs the file and each of its variants: outputs, further runs, and what the case expects besides.
pub fn run(setting: &Setting<'_>) -> Outcome {
    let mut checked = Checked::default();
    match setting.all(&mut checked) {
        Ok(()) => Outcome::Passed(format!("{}; largest error {:.2e}", checked.parts.join(", "), checked.worst)),
        Err(text) => Outcome::Failed(text),
    }
}

impl Setting<'_> {
    fn all(&self, checked: &mut Checked) -> Result<(), String> {
        let files = std::iter::once(self.case).chain(self.case["variants"].as_array().into_iter().flatten());
        for file in files {
            let name = file["file"].as_str().ok_or("a file without a name")?;
            let fail = |text: String| format!("{name}: {text}");
            match self.case["expect"].as_str() {
                Some("ask_for_source") => self.asks(file, "needs_source", checked).map_err(fail)?,
                Some("ask_for_construct") => self.asks(file, "needs_construct", checked).map_err(fail)?,
                Some("nothing_fits") => self.asks(file, "load_state_dict", checked).map_err(fail)?,
                Some("recognise") => self.recognises(file, checked).map_err(fail)?,
                Some("guess_or_ask") => self.guesses(file, checked).map_err(fail)?,
                Some("run_or_refuse") => match self.outputs(file, checked) {
                    Err(text) if text.starts_with("unsupported: ") => {
                        checked.parts.push(format!("{name} refused: {text}"))
                    }
                    other => other.map_err(fail)?,
                },
                _ => self.outputs(file, checked).map_err(fail)?,
            }
        }
        Ok(())
    }

    /// The file must not run with what the case gives, its source or none, and the error must have this code.
    fn asks(&self, file: &Value, code: &str, checked: &mut Checked) -> Result<(), String> {
        match self.build(file, self.source()?) {
            Err(error) if error.code == code => {
                checked.parts.push(format!("{} refused: {error}", file["file"]));
                Ok(())
            }
            Err(error) => Err(format!("{code} was expected: {error}")),
            Ok(_) => Err(format!("runs, and {code} was expected")),
        }
    }

    /// The file alone must do: no source and no name is given. `recognised` in the case says what as.
    fn recognises(&self, file: &Value, checked: &mut Checked) -> Result<(), String> {
        let model = self.build(file, None).map_err(|e| said(&e))?;
        let said_of = if file["recognised"].is_object() { file } else { self.case };
        if let Some(want) = said_of["recognised"].as_object() {
            let got = model.recognised().ok_or("runs, and does not say as what")?;
            let got = serde_json::to_value(got).map_err(|e| e.to_string())?;
            for (field, want) in want {
                if got[field] != *want {
                    return Err(format!("recognised as {got}, and {field} {want} was expected"));
                }
            }
            checked.parts.push(format!("recognised as {}, {}", got["name"], got["confidence"]));
        }
        self.outputs(file, checked)
    }

    /// Either the source is asked for, or the network is a guess that says so and is right.
    fn guesses(&self, file: &Value, checked: &mut Checked) -> Result<(), String> {
        match self.build(file, None) {
            Err(error) if error.code == "needs_source" => self.proposed(file, checked),
            Err(error) => Err(said(&error)),
            Ok(model) => {
                let guess = model.recognised().ok_or("runs, and does not say as what")?;
                if guess.confidence == Confidence::Certain {
                    return Err(format!(
                        "{} is called certain, and {} was to be guessed",
                        guess.name, self.case["guess"]
                    ));
                }
                checked.parts.push(format!("guesses {}, where {} is right", guess.name, self.case["guess"]));
                if self.case["outputs"].as_array().is_none_or(Vec::is_empty) {
                    return Ok(());
                }
                self.outputs(file, checked)
            }
        }
    }

    /// Where the source is asked for, what is proposed must take the file's weights.
    fn proposed(&self, file: &Value, checked: &mut Checked) -> Result<(), String> {
        let name = file["file"].as_str().unwrap_or_default();
        let said = |e: Error| format!("proposes what does not fit: {e}");
        let source_file = Rc::new(FileSource::open(&self.folder.join(name)).map_err(said)?);
        let session = pollster::block_on(Session::open(source_file, &Quiet)).map_err(said)?;
        let state_dict = file["state_key"].as_str();
        let proposal = session.propose(state_dict).map_err(said)?;
        checked.parts.push(format!("{name} asks for its source"));
        if let Some(proposal) = proposal {
            let options = BuildOptions {
                source: Some(proposal.source),
                construct: Some(proposal.construct),
                device: self.device,
                state_dict: state_dict.map(str::to_owned),
                strict: true,
                ..BuildOptions::default()
            };
            pollster::block_on(session.build(&options, &Quiet)).map_err(said)?;
            checked.parts.push("with a proposal that fits".into());
        }
        Ok(())
    }

    fn outputs(&self, file: &Value, checked: &mut Checked) -> Result<(), String> {
        let name = file["file"].as_str().unwrap_or_default();
        let mut model = self.build(file, self.source()?).map_err(|e| said(&e))?;
        if self.device != Choice::Cpu && model.device().kind() != "webgpu" {
            return Err(format!("not on WebGPU: {}", model.reason().unwrap_or("no reason")));
        }
        let tensors = self.inputs()?;
        let expected = if file["outputs"].is_array() { &file["outputs"] } else { &self.case["outputs"] };
        let call = |tensors: &[(String, TensorData)]| arguments(&self.case["call"], tensors);
        let got = answer(&mut model, &call(&tensors)?)?;
        self.compare(&got, expected, checked)?;
        checked.parts.push(format!("{name} {}", model.device().kind()));
        // Further runs share the weights; one file shows them.
        if std::ptr::eq(file, self.case) {
            for (index, more) in self.case["more"].as_array().into_iter().flatten().enumerate() {
                let sliced = slices(&tensors, &more["slice"])?;
                let got = answer(&mut model, &call(&sliced)?).map_err(|e| format!("more[{index}]: {e}"))?;
                self.compare(&got, &more["outputs"], checked).map_err(|e| format!("more[{index}]: {e}"))?;
                checked.parts.push(format!("more[{index}]"));
            }
        }
        Ok(())
    }

    /// The network's source, where the case has one.
    pub fn source(&self) -> Result<Option<String>, String> {
        let source = self.case["source"].as_str().map(|s| std::fs::read_to_string(self.folder.join(s)));
        source.transpose().map_err(|e| e.to_string())
    }

    /// Opens a file of the case and builds its network.
    pub fn build(&self, file: &Value, source: Option<String>) -> Result<Model, Error> {
        self.built(file, &self.options(file, source))
    }

    /// Opens a file of the case and builds with these options.
    pub fn built(&self, file: &Value, options: &BuildOptions) -> Result<Model, Error> {
        let name = file["file"].as_str().unwrap_or_default();
        let source_file = Rc::new(FileSource::open(&self.folder.join(name))?);
        pollster::block_on(async {
            let session = Session::open(source_file, &Quiet).await?;
            session.build(options, &Quiet).await
        })
    }

    /// How a file of the case is built.
    pub fn options(&self, file: &Value, source: Option<String>) -> BuildOptions {
        let options = BuildOptions {
            source,
            zoo: self.case["zoo"].as_str().map(str::to_owned),
            construct: self.case["construct"].as_str().map(str::to_owned),
            device: self.device,
            state_dict: file["state_key"].as_str().map(str::to_owned),
            strict: true,
            ..BuildOptions::default()
        };
        let content = file["content"].as_str().unwrap_or_default();
        match content {
            // A whole module brings its own constructor arguments, an exported program itself.
            "module" => BuildOptions { construct: None, ..options },
            "exported_program" => BuildOptions { source: None, construct: None, ..options },
            _ => options,
        }
    }

    /// The case's inputs, by name.
    pub fn inputs(&self) -> Result<Vec<(String, TensorData)>, String> {
        let inputs = self.case["inputs"].as_array().into_iter().flatten();
        inputs
            .map(|input| {
                let name = input["name"].as_str().unwrap_or_default().to_owned();
                Ok((name, tensor(self.folder, input)?))
            })
            .collect()
    }

    fn compare(&self, got: &Output, expected: &Value, checked: &mut Checked) -> Result<(), String> {
        let slack = if self.device == Choice::Cpu { 1.0 } else { 10.0 };
        let tolerance = |name: &str| self.case[name].as_f64().unwrap_or(0.0) * slack;
        let (atol, rtol) = (tolerance("atol"), tolerance("rtol"));
        let expected = expected.as_array().ok_or("the case has no outputs")?;
        if expected.is_empty() {
            return Err("the case has no outputs".into());
        }
        for want in expected {
            let leaf = at(got, &want["path"]).ok_or_else(|| format!("forward returned nothing at {}", want["path"]))?;
            checked.worst = checked.worst.max(
                crate::compare::leaf(leaf, want, atol, rtol)
                    .map_err(|text| format!("output {}: {text}", want["path"]))?,
            );
        }
        Ok(())
    }
}

fn said(error: &Error) -> String {
    let kind = if error.kind == Kind::Unsupported { "unsupported: " } else { "" };
    format!("{kind}{error}")
}

/// Runs once.
pub fn answer(model: &mut Model, inputs: &Inputs) -> Result<Output, String> {
    pollster::block_on(model.run(inputs, &Quiet)).map(|ran| ran.output).map_err(|e| said(&e))
}

/// Builds the arguments: names in order, nested lists as tuples.
pub fn arguments(call: &Value, tensors: &[(String, TensorData)]) -> Result<Inputs, String> {
    fn one(item: &Value, tensors: &[(String, TensorData)]) -> Result<Input, String> {
        match item {
            Value::Array(items) => Ok(Input::Tuple(items.iter().map(|i| one(i, tensors)).collect::<Result<_, _>>()?)),
            Value::Null => Ok(Input::None),
            _ => {
                let name = item.as_str().unwrap_or_default();
                let found = tensors.iter().find(|(n, _)| n == name);
                found.map(|(_, t)| Input::Tensor(t.clone())).ok_or_else(|| format!("there is no input {item}"))
            }
        }
    }
    let positional = call.as_array().into_iter().flatten().map(|item| one(item, tensors)).collect::<Result<_, _>>()?;
    Ok(Inputs { positional, keyword: Vec::new() })
}

/// `{name: {dim, start, stop}}`: the others stay whole.
fn slices(tensors: &[(String, TensorData)], slice: &Value) -> Result<Vec<(String, TensorData)>, String> {
    let cut = |name: &str, data: &TensorData| -> Option<TensorData> {
        let spec = &slice[name];
        if spec.is_null() {
            return Some(data.clone());
        }
        let number = |field: &str| usize::try_from(spec[field].as_u64()?).ok();
        let (dim, start, stop) = (number("dim")?, number("start")?, number("stop")?);
        let inner = numel(data.shape.get(dim + 1..)?)? * data.dtype.size();
        let size = *data.shape.get(dim)?;
        let mut shape = data.shape.clone();
        *shape.get_mut(dim)? = stop.checked_sub(start)?;
        let rows = data.bytes.chunks_exact((size * inner).max(1));
        let bytes =
            rows.flat_map(|block| block.get(start * inner..stop * inner).unwrap_or_default()).copied().collect();
        TensorData::new(data.dtype, shape, bytes).ok()
    };
    let cut_all = tensors.iter().map(|(name, data)| Some((name.clone(), cut(name, data)?)));
    cut_all.collect::<Option<_>>().ok_or_else(|| format!("a slice that does not fit: {slice}"))
}

/// A tensor of a case: numbers in the JSON, or a file of raw little-endian bytes.
pub fn tensor(folder: &Path, spec: &Value) -> Result<TensorData, String> {
    let dtype = spec["dtype"].as_str().and_then(DType::from_name).ok_or("an unknown dtype")?;
    let sizes = spec["shape"].as_array().into_iter().flatten();
    let shape: Vec<usize> = sizes.filter_map(|d| usize::try_from(d.as_u64()?).ok()).collect();
    let bytes = match spec["file"].as_str() {
        Some(file) => std::fs::read(folder.join(file)).map_err(|e| format!("{file}: {e}"))?,
        None => crate::compare::bytes(dtype, &spec["data"])?,
    };
    TensorData::new(dtype, shape, bytes).map_err(|e| e.to_string())
}

/// Follows a path of keys and indexes into what forward returned.
pub fn at<'a>(output: &'a Output, path: &Value) -> Option<&'a Output> {
    let mut here = output;
    for step in path.as_array().into_iter().flatten() {
        here = match (here, step.as_u64(), step.as_str()) {
            (Output::Tuple(items) | Output::List(items), Some(index), _) => items.get(usize::try_from(index).ok()?)?,
            (Output::Dict(items), Some(index), _) => &items.get(usize::try_from(index).ok()?)?.1,
            (Output::Dict(items), _, Some(key)) => &items.iter().find(|(k, _)| k == key)?.1,
            _ => return None,
        };
    }
    Some(here)
}
