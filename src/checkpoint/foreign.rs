//! Files that are no checkpoint, named for what they are.

use crate::error::Error;

/// The error for a file whose first bytes are `head`, if they are something well known.
pub fn recognise(head: &[u8], len: u64) -> Option<Error> {
    let text = String::from_utf8_lossy(head.get(..head.len().min(512)).unwrap_or_default()).to_lowercase();
    let start = text.trim_start();
    let (what, hint) = if len == 0 {
        ("an empty file", "the download did not finish; fetch the file again")
    } else if start.starts_with("version https://git-lfs") {
        (
            "a Git LFS pointer, not the file itself",
            "run `git lfs pull`, or download the file from the repository's page",
        )
    } else if start.starts_with("<!doctype html")
        || start.starts_with("<html")
        || start.starts_with("<head")
        || start.starts_with("<?xml")
    {
        (
            "a web page (HTML), saved under the name of the model",
            "open the link in a browser and download the file itself",
        )
    } else if start.starts_with('{') || start.starts_with("[{") {
        ("JSON text", "choose the file with the weights")
    } else if head.starts_with(b"\x89PNG") || head.starts_with(b"\xff\xd8\xff") || head.starts_with(b"GIF8") {
        ("an image", "choose the file with the weights; images can be given to a network once it is open")
    } else if head.starts_with(b"GGUF") {
        ("a GGUF file of llama.cpp", "torchtab opens files that torch.save wrote, and safetensors")
    } else if head.starts_with(b"\x89HDF\r\n") {
        ("an HDF5 file (Keras)", "torchtab opens files that torch.save wrote, and safetensors")
    } else if head.starts_with(b"\x08") && (text.contains("onnx") || text.contains("pytorch")) {
        ("an ONNX model", "export a state_dict with torch.save instead")
    } else if head.starts_with(b"\x1f\x8b") {
        ("a gzip archive", "unpack it first")
    } else if head.starts_with(b"BZh")
        || head.starts_with(b"\xfd7zXZ")
        || head.starts_with(b"(\xb5/\xfd")
        || head.starts_with(b"7z\xbc\xaf")
        || head.starts_with(b"Rar!")
    {
        ("a compressed archive", "unpack it first")
    } else if head.starts_with(b"%PDF") {
        ("a PDF document", "choose the file with the weights")
    } else if head.starts_with(b"PYTORCH1") {
        ("a preview archive of PyTorch 1.0, which torch itself refuses", "save it again with a released PyTorch")
    } else if head.starts_with(b"\x93NUMPY") {
        ("a NumPy array (.npy)", "torchtab opens files that torch.save wrote, and safetensors")
    } else {
        return None;
    };
    Some(Error::malformed(format!("this is {what}")).code("not_a_checkpoint").at("0x0").hint(hint))
}
