//! Makes files byte by byte, well-formed or not: zip archives, legacy files, tar members, pickles of tensors.

/// A record of a zip archive; the options lie about it.
#[derive(Clone, Default)]
pub struct Record {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    /// instead of the true one
    pub crc: Option<u32>,
    /// compressed and full size in the directory
    pub sizes: Option<(u32, u32)>,
    pub offset: Option<u32>,
    pub local_name: Option<Vec<u8>>,
    pub extra: Vec<u8>,
}

pub fn record(name: &str, data: impl Into<Vec<u8>>) -> Record {
    Record { name: name.into(), data: data.into(), ..Record::default() }
}

/// A zip archive with these records, stored.
pub fn zip(records: &[Record]) -> Vec<u8> {
    zip_with(records, u16::try_from(records.len()).unwrap_or(u16::MAX), b"")
}

/// The same with a count and a comment of the caller's choice.
pub fn zip_with(records: &[Record], count: u16, comment: &[u8]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for r in records {
        let crc = r.crc.unwrap_or_else(|| crc32fast::hash(&r.data));
        let len = r.data.len() as u32;
        let (compressed, size) = r.sizes.unwrap_or((len, len));
        let offset = r.offset.unwrap_or(out.len() as u32);
        let local = r.local_name.as_ref().unwrap_or(&r.name);
        out.extend(b"PK\x03\x04\0\0");
        out.extend([r.flags.to_le_bytes(), r.method.to_le_bytes()].concat());
        out.extend([0; 16]);
        out.extend((local.len() as u16).to_le_bytes());
        out.extend([0, 0]);
        out.extend(local);
        out.extend(&r.data);
        directory.extend(b"PK\x01\x02\0\0\0\0");
        directory.extend([r.flags.to_le_bytes(), r.method.to_le_bytes()].concat());
        directory.extend([0; 4]);
        for n in [crc, compressed, size] {
            directory.extend(n.to_le_bytes());
        }
        directory.extend((r.name.len() as u16).to_le_bytes());
        directory.extend((r.extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&r.name);
        directory.extend(&r.extra);
    }
    let (start, len) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([len.to_le_bytes(), start.to_le_bytes()].concat());
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}

/// A torch archive around a pickle, with one storage of `bytes` bytes under key 0.
pub fn archive(pickle: impl Into<Vec<u8>>, bytes: usize) -> Vec<Record> {
    vec![record("a/data.pkl", pickle), record("a/version", "3\n"), record("a/data/0", vec![0; bytes])]
}

/// `X` and its length.
pub fn text(s: &str) -> Vec<u8> {
    [b"X".as_slice(), &(s.len() as u32).to_le_bytes(), s.as_bytes()].concat()
}

/// A tuple of ints of any size.
pub fn ints(values: &[&str]) -> Vec<u8> {
    format!("({}t", values.iter().map(|v| format!("L{v}L\n")).collect::<String>()).into_bytes()
}

/// The persistent id of a storage.
pub fn storage(class: &str, key: &str, numel: &str, view: &[u8]) -> Vec<u8> {
    let class = format!("ctorch\n{class}\n").into_bytes();
    [
        b"(".to_vec(),
        text("storage"),
        class,
        text(key),
        text("cpu"),
        format!("L{numel}L\n").into_bytes(),
        view.to_vec(),
        b"tQ".to_vec(),
    ]
    .concat()
}

/// `_rebuild_tensor_v2(storage, offset, shape, stride, False, OrderedDict())`, without PROTO and STOP.
pub fn tensor_of(storage: Vec<u8>, offset: &str, shape: &[&str], stride: &[&str]) -> Vec<u8> {
    let head = b"ctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
    let tail = b"\x89ccollections\nOrderedDict\n)RtR".to_vec();
    [head, storage, format!("L{offset}L\n").into_bytes(), ints(shape), ints(stride), tail].concat()
}

/// The same of float32.
pub fn tensor(numel: &str, offset: &str, shape: &[&str], stride: &[&str]) -> Vec<u8> {
    tensor_of(storage("FloatStorage", "0", numel, b"N"), offset, shape, stride)
}

/// PROTO 2 and STOP around it.
pub fn pickle(body: impl AsRef<[u8]>) -> Vec<u8> {
    [b"\x80\x02".as_slice(), body.as_ref(), b"."].concat()
}

/// A legacy file: the object, its key list, and what follows.
pub fn legacy(object: &[u8], keys: &[u8], rest: &[u8]) -> Vec<u8> {
    legacy_with(b"M\xe9\x03", b"}", object, keys, rest)
}

/// The same with a protocol and a sys_info of the caller's choice.
pub fn legacy_with(protocol: &[u8], system: &[u8], object: &[u8], keys: &[u8], rest: &[u8]) -> Vec<u8> {
    let magic = pickle(b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");
    [magic, pickle(protocol), pickle(system), pickle(object), pickle(keys), rest.to_vec()].concat()
}

/// A tar archive; the last field of a member is its type flag.
pub fn tar(members: &[(&str, Vec<u8>, u8)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, data, flag) in members {
        let mut header = vec![0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        header[156] = *flag;
        header[257..262].copy_from_slice(b"ustar");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend(header);
        out.extend(data);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}
