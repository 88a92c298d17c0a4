//! Fifty kinds of bad input: each ends in an error of the right kind with a place, or in a correct read; none in a panic, a hang, or memory
//! out of proportion.

use crate::allocation::peak;
use crate::forge::*;
use crate::robustness::read_all;
use std::time::{Duration, Instant};
use torchtab::error::Kind::{self, Malformed, TooLarge, Unsupported};

enum Want {
    /// refused with this kind
    No(Kind),
    /// the same, with advice for the user
    Advice(Kind),
    /// read
    Yes,
    /// one or the other
    Either,
}
use Want::{Advice, Either, No, Yes};

/// What a file of these sizes may allocate.
const MAX_BYTES: i64 = 64 << 20;

fn four() -> Vec<u8> {
    tensor("4", "0", &["4"], &["1"])
}

fn good() -> Vec<Record> {
    archive(pickle(four()), 16)
}

/// The good archive with one record changed.
fn with(index: usize, change: impl FnOnce(&mut Record)) -> Vec<u8> {
    let mut records = good();
    change(&mut records[index]);
    zip(&records)
}

fn and(extra: Record) -> Vec<u8> {
    zip(&[good(), vec![extra]].concat())
}

fn deflated(data: &[u8]) -> (Vec<u8>, (u32, u32)) {
    let packed = miniz_oxide::deflate::compress_to_vec(data, 6);
    let sizes = (packed.len() as u32, data.len() as u32);
    (packed, sizes)
}

fn containers() -> Vec<(u8, &'static str, Vec<u8>, Want)> {
    let bomb = deflated(&vec![0u8; 200 << 20]);
    let packed = deflated(&[0; 16]);
    let zeros = || vec![0u8; 64];
    let start = |head: &[u8]| [head, &zeros()].concat();
    vec![
        (1, "empty", Vec::new(), Advice(Malformed)),
        (2, "PK and two bytes", b"PK\x03\x04".to_vec(), No(Malformed)),
        (4, "PNG", start(b"\x89PNG\r\n\x1a\n"), Advice(Malformed)),
        (5, "HTML", b"<!DOCTYPE html><html><body>404</body></html>".to_vec(), Advice(Malformed)),
        (5, "git-lfs pointer", b"version https://git-lfs.github.com/spec/v1\n".to_vec(), Advice(Malformed)),
        (6, "GGUF", start(b"GGUF\x03\0\0\0"), Advice(Malformed)),
        (6, "ONNX", start(b"\x08\x08\x12\x07pytorch"), Advice(Malformed)),
        (6, "HDF5", start(b"\x89HDF\r\n\x1a\n"), Advice(Malformed)),
        (6, "npz", zip(&[record("x.npy", "")]), Advice(Malformed)),
        (7, "no data.pkl", zip(&[record("a/version", "3\n")]), Advice(Malformed)),
        (8, "two data.pkl", and(record("a/data.pkl", pickle("N"))), Yes),
        (8, "two roots", and(record("b/data.pkl", pickle("N"))), No(Malformed)),
        (8, "DATA.PKL", with(0, |r| r.name = b"a/DATA.PKL".to_vec()), Either),
        (9, "a record beside the root", and(record("__MACOSX/x", "")), Advice(Malformed)),
        (10, "../", and(record("../x", "")), No(Malformed)),
        (10, "absolute", and(record("/etc/passwd", "")), No(Malformed)),
        (10, "backslash", and(record("a/..\\x", "")), Yes),
        (10, "NUL", and(record("a/x\0y", "")), Yes),
        (10, "60 KiB", and(record(&format!("a/{}", "x".repeat(60_000)), "")), Yes),
        (10, "no UTF-8", and(Record { name: b"a/\xff\xfe".to_vec(), ..Record::default() }), Yes),
        (11, "two names", with(0, |r| r.local_name = Some(b"a/data.pk_".to_vec())), Yes),
        (13, "wrong CRC", with(2, |r| r.crc = Some(1)), Yes),
        (13, "CRC 0", with(0, |r| r.crc = Some(0)), Yes),
        (14, "encrypted", with(0, |r| r.flags = 1), No(Unsupported)),
        (15, "method 99", with(0, |r| r.method = 99), No(Unsupported)),
        (15, "bzip2 in a storage", with(2, |r| r.method = 12), Yes),
        (
            16,
            "bomb in data.pkl",
            with(0, |r| (r.data, r.sizes, r.method) = (bomb.0.clone(), Some(bomb.1), 8)),
            No(TooLarge),
        ),
        (
            16,
            "bomb in a storage",
            with(2, |r| (r.data, r.sizes, r.method) = (bomb.0.clone(), Some(bomb.1), 8)),
            No(Malformed),
        ),
        (
            16,
            "more than declared",
            with(2, |r| (r.data, r.sizes, r.method) = (bomb.0.clone(), Some((bomb.1.0, 16)), 8)),
            No(Malformed),
        ),
        (
            17,
            "2^63 bytes",
            with(2, |r| {
                r.sizes = Some((u32::MAX, u32::MAX));
                r.extra = [&[1, 0, 16, 0][..], &(1u64 << 63).to_le_bytes(), &(1u64 << 63).to_le_bytes()].concat();
            }),
            No(Malformed),
        ),
        (18, "header past the end", with(2, |r| r.offset = Some(1 << 30)), No(Malformed)),
        (18, "header elsewhere", with(2, |r| r.offset = Some(7)), No(Malformed)),
        (
            19,
            "an end record in the comment",
            zip_with(&good(), 3, b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            Either,
        ),
        (19, "data before", [b"PK\x03\x04 junk".to_vec(), zip(&good())].concat(), Either),
        (19, "data after", [zip(&good()), vec![0; 20]].concat(), Either),
        (20, "all ones and no extra field", with(2, |r| r.sizes = Some((u32::MAX, u32::MAX))), No(Malformed)),
        (
            20,
            "a field past the header",
            with(2, |r| (r.sizes, r.extra) = (Some((u32::MAX, 16)), vec![1, 0, 255, 0, 1])),
            No(Malformed),
        ),
        (21, "a false count", zip_with(&good(), 2, b""), No(Malformed)),
        (21, "a count of 65535", zip_with(&good(), 65535, b""), No(Malformed)),
        (22, "no version", zip(&[record("a/data.pkl", pickle("N"))]), No(Malformed)),
        (22, "version 99", with(1, |r| r.data = b"99".to_vec()), No(Unsupported)),
        (22, "version abc", with(1, |r| r.data = b"abc".to_vec()), No(Malformed)),
        (22, "version of 1 MB", with(1, |r| r.data = vec![b'3'; 1 << 20]), No(TooLarge)),
        (22, "byteorder middle", and(record("a/byteorder", "middle")), No(Malformed)),
        (
            23,
            "deflated storage",
            with(2, |r| (r.data, r.sizes, r.method, r.crc) = (packed.0.clone(), Some(packed.1), 8, Some(0))),
            Yes,
        ),
        (24, "short record", with(2, |r| r.data.truncate(12)), No(Malformed)),
        (24, "long record", with(2, |r| r.data.push(0)), No(Malformed)),
        (24, "no record", zip(&good()[..2]), No(Malformed)),
    ]
}

fn streams() -> Vec<(u8, &'static str, Vec<u8>, Want)> {
    let keys = |names: &[&str]| {
        [b"]".to_vec(), b"(".to_vec(), names.iter().flat_map(|n| text(n)).collect(), b"e".to_vec()].concat()
    };
    let stored = |count: i64| [&count.to_le_bytes()[..], &[0; 16]].concat();
    let one = || keys(&["0"]);
    let view = |offset: &str| [text("v"), format!("L{offset}L\nL4L\n").into_bytes()].concat();
    let viewed = |offset: &str| {
        let view = [b"(".to_vec(), view(offset), b"t".to_vec()].concat();
        legacy(&tensor_of(storage("FloatStorage", "0", "4", &view), "0", &["4"], &["1"]), &one(), &stored(4))
    };
    let member = |name, data: &[u8]| (name, data.to_vec(), b'0');
    let tensors = |dims: i32| {
        [pickle("K\x01"), pickle(b"(K\x01K\x02Nt"), dims.to_le_bytes().to_vec(), vec![0; 4], vec![1; 8]].concat()
    };
    let storages = [
        pickle("K\x01"),
        pickle([b"(K\x02".to_vec(), text("cpu"), b"ctorch\nFloatStorage\nt".to_vec()].concat()),
        stored(4),
        pickle("]"),
    ];
    let storages = storages.concat();
    let loops = [pickle("K\0"), pickle("](((K\x01K\x02K\0K\x01t(K\x02K\x01K\0K\x01te")].concat();
    let archive = |dims: i32| {
        tar(&[member("storages", &storages), member("tensors", &tensors(dims)), member("pickle", &pickle("N"))])
    };
    vec![
        (25, "wrong magic", pickle(b"\x8a\x0a\x6d\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19").repeat(5), Either),
        (25, "protocol 1002", legacy_with(b"M\xea\x03", b"}", b"N", b"]", b""), No(Malformed)),
        (25, "sys_info that is no dict", legacy_with(b"M\xe9\x03", b"N", &four(), &one(), &stored(4)), Yes),
        (
            25,
            "big-endian by its own words",
            legacy_with(b"M\xe9\x03", b"}X\x0d\0\0\0little_endian\x89s", b"N", b"]", b""),
            Yes,
        ),
        (26, "an unknown key", legacy(&four(), &keys(&["0", "1"]), &stored(4).repeat(2)), No(Malformed)),
        (26, "a key twice", legacy(&four(), &keys(&["0", "0"]), &stored(4).repeat(2)), No(Malformed)),
        (26, "no key", legacy(&four(), b"]", b""), No(Malformed)),
        (26, "keys that are no list", legacy(&four(), b"K\x01", b""), No(Malformed)),
        (27, "a negative count", legacy(&four(), &one(), &stored(-1)), No(Malformed)),
        (27, "2^62 elements", legacy(&four(), &one(), &stored(1 << 62)), No(Malformed)),
        (27, "another count than declared", legacy(&four(), &one(), &stored(3)), No(Malformed)),
        (28, "a view outside its storage", viewed("1"), No(Malformed)),
        (28, "a view at a negative place", viewed("-1"), No(Malformed)),
        (28, "a view inside", viewed("0"), Yes),
        (29, "trailing bytes", [legacy(&four(), &one(), &stored(4)), vec![1; 9]].concat(), Yes),
        (30, "a tar with all members", archive(0), No(Malformed)),
        (
            30,
            "a tar without tensors",
            tar(&[member("storages", &storages), member("pickle", &pickle("N"))]),
            No(Malformed),
        ),
        (30, "-1 dims", archive(-1), No(Malformed)),
        (30, "2^31-1 dims", archive(i32::MAX), No(TooLarge)),
        (
            30,
            "views of each other",
            tar(&[member("storages", &loops), member("tensors", &pickle("K\0")), member("pickle", &pickle("N"))]),
            No(Malformed),
        ),
        (
            30,
            "a link",
            tar(&[("storages", Vec::new(), b'2'), member("tensors", b""), member("pickle", b"")]),
            No(Malformed),
        ),
        (30, "gzip", b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), Advice(Malformed)),
    ]
}

fn pickles() -> Vec<(u8, &'static str, Vec<u8>, Want)> {
    let long = |digits: usize| pickle(format!("L{}L\n", "7".repeat(digits)));
    let nested = |open: &str, close: &str| pickle(format!("{}{}", open.repeat(100_000), close.repeat(99_999)));
    let module = |tables: &str| {
        let state = format!("}}(X\x0b\0\0\0_parameters{tables}X\x08\0\0\0_modules}}q\x01X\x01\0\0\0xh\0su");
        pickle([b"c__main__\nNet\n)\x81q\0", state.as_bytes(), b"b"].concat())
    };
    vec![
        (31, "no STOP", b"\x80\x02}".to_vec(), No(Malformed)),
        (31, "STOP on an empty stack", b"\x80\x02.".to_vec(), No(Malformed)),
        (32, "STOP above a MARK", pickle("("), No(Malformed)),
        (32, "a million MARKs", pickle([vec![b'('; 1_000_000], b"N".to_vec()].concat()), Either),
        (32, "POP of a MARK", pickle("(0N"), Yes),
        (33, "memo never set", pickle("h\x05"), No(Malformed)),
        (33, "memo 2^32-1", pickle(b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff"), Yes),
        (34, "lists 100,000 deep", nested("]", "a"), Yes),
        (34, "tuples 100,000 deep", pickle([b")".to_vec(), vec![0x85; 100_000]].concat()), Yes),
        (35, "a dict in itself", pickle("}q\0X\x01\0\0\0ah\0s"), Yes),
        (35, "a tuple in itself", pickle(b"(]q\0h\0\x85at"), Either),
        (36, "LONG1 of 255 bytes", pickle([b"\x8a\xff".to_vec(), vec![0x7f; 255]].concat()), Yes),
        (36, "LONG4 of 2^31-1 bytes", pickle(b"\x8b\xff\xff\xff\x7f"), No(Malformed)),
        (36, "LONG4 of -1 bytes", pickle(b"\x8b\xff\xff\xff\xff"), No(Malformed)),
        (36, "an int of 1,000,000 digits", long(1_000_000), Either),
        (36, "no digits", pickle("Lx\n"), No(Malformed)),
        (37, "a string longer than the file", pickle(b"X\xff\xff\xff\xff"), No(Malformed)),
        (37, "no UTF-8", pickle(b"X\x01\0\0\0\xff"), No(Malformed)),
        (37, "a lone surrogate", pickle(b"X\x03\0\0\0\xed\xa0\x80"), Yes),
        (38, "a frame longer than the file", b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.".to_vec(), No(Malformed)),
        (38, "PROTO twice", b"\x80\x02\x80\x02N.".to_vec(), Yes),
        (38, "protocol 9", b"\x80\x09N.".to_vec(), Yes),
        (39, "EXT1", pickle(b"\x82\x01"), No(Unsupported)),
        (39, "EXT4", pickle(b"\x84\x01\0\0\0"), No(Unsupported)),
        (39, "NEXT_BUFFER", b"\x80\x05\x97.".to_vec(), No(Unsupported)),
        (39, "INST", pickle("(i__main__\nNet\n"), Yes),
        (39, "OBJ without a class", pickle("(o"), No(Malformed)),
        (40, "os.system", pickle(b"cos\nsystem\nX\x04\0\0\0true\x85R"), Yes),
        (40, "a dotted name", pickle("cos\npath.join\n"), Yes),
        (41, "three items", pickle("}(K\x01K\x02K\x03u"), No(Malformed)),
        (41, "SETITEM on a tuple", pickle(")K\x01K\x02s"), No(Malformed)),
        (41, "a list as a key", pickle("}]K\x01s"), Either),
        (41, "keys of every kind", pickle("}(K\x01NNNG\0\0\0\0\0\0\0\0N)NX\x01\0\0\0aNX\x01\0\0\0aK\x02u"), Yes),
        (42, "BUILD on a list", pickle("]}b"), No(Malformed)),
        (42, "a state of slots", pickle(b"c__main__\nNet\n)\x81N}\x86b"), Yes),
        (42, "a module in itself", module("}"), Yes),
        (42, "a parameter that is an int", module("}X\x01\0\0\0wK\x01s"), Yes),
    ]
}

fn tensors() -> Vec<(u8, &'static str, Vec<u8>, Want)> {
    let file = |body: Vec<u8>| zip(&archive(pickle(body), 16));
    let one = |numel, offset, shape: &[&str], stride: &[&str]| file(tensor(numel, offset, shape, stride));
    let many: Vec<&str> = vec!["1"; 50_000];
    let list = |parts: &[Vec<u8>]| file([b"](".to_vec(), parts.concat(), b"e".to_vec()].concat());
    let of = |class: &str| tensor_of(storage(class, "0", "4", b"N"), "0", &["4"], &["1"]);
    let big = "9223372036854775807";
    vec![
        (43, "a negative size", one("4", "0", &["-4"], &["1"]), No(Malformed)),
        (43, "a negative stride", one("4", "3", &["4"], &["-1"]), No(Malformed)),
        (43, "a negative offset", one("4", "-1", &["4"], &["1"]), No(Malformed)),
        (44, "sizes whose product overflows", one("4", "0", &[big, big, big], &["0", "0", "0"]), No(Malformed)),
        (44, "strides whose sum overflows", one("4", "0", &["3", "3"], &[big, big]), No(Malformed)),
        (44, "a size beyond 64 bits", one("4", "0", &["99999999999999999999"], &["1"]), No(Malformed)),
        (45, "one past the storage", one("4", "1", &["4"], &["1"]), No(Malformed)),
        (45, "10^12 elements of one", one("4", "0", &["1000000000000"], &["0"]), Yes),
        (46, "50,000 dims", one("4", "0", &many, &many), No(Malformed)),
        (47, "numel × itemsize wraps", one("4611686018427387905", "0", &["4"], &["1"]), No(Malformed)),
        (47, "one key, two lengths", list(&[four(), tensor("3", "0", &["3"], &["1"])]), No(Malformed)),
        (47, "one key, two dtypes", list(&[of("FloatStorage"), of("IntStorage")]), Yes),
        (48, "an unknown storage class", list(&[of("FloatStorage"), of("FancyStorage")]), Yes),
        (49, "sizes and strides of two ranks", one("4", "0", &["4"], &["1", "1"]), No(Malformed)),
    ]
}

#[test]
fn fifty_kinds() {
    let mut wrong = Vec::new();
    for (number, name, bytes, want) in [containers(), streams(), pickles(), tensors()].into_iter().flatten() {
        let start = Instant::now();
        let (result, memory) = peak(|| read_all(bytes));
        if start.elapsed() > Duration::from_secs(5) {
            wrong.push(format!("{number} {name}: {:?}", start.elapsed()));
        }
        if memory > MAX_BYTES {
            wrong.push(format!("{number} {name}: {memory} bytes"));
        }
        let right = match (&want, &result) {
            (Yes | Either, Ok(_)) => true,
            (No(kind), Err(e)) => e.kind == *kind && e.location.is_some(),
            (Advice(kind), Err(e)) => e.kind == *kind && e.location.is_some() && e.hint.is_some(),
            (Either, Err(e)) => matches!(e.kind, Malformed | Unsupported | TooLarge) && e.location.is_some(),
            _ => false,
        };
        if !right {
            wrong.push(format!("{number} {name}: {result:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
