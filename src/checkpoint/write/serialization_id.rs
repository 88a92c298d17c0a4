//! `.data/serialization_id`: forty digits over the records' names and checksums, as torch's Linux builds compute them
//! (`PyTorchStreamWriter::writeSerializationId`). torch only logs the number; any digits would load.
//!
//! The names' hashes are combined in the order in which libstdc++'s `unordered_set<std::string>` walks them, so its buckets are kept here.

/// Bucket counts of libstdc++'s hash tables as they grow.
const BUCKETS: &[u64] = &[
    13, 29, 59, 127, 257, 541, 1109, 2357, 5087, 10273, 20753, 42043, 85229, 172_933, 351_061, 712_697, 1_447_153,
    2_938_679,
];

/// The id of an archive with these records, in the order of writing; empty ones have no checksum.
pub fn of(records: &[(String, Option<u32>)]) -> String {
    let hashes: Vec<u64> = records.iter().map(|(name, _)| string_hash(name.as_bytes())).collect();
    let names = walk(&hashes).into_iter().fold(0, combine);
    let checksums = records.iter().filter_map(|(_, crc)| *crc).map(u64::from).fold(0, combine);
    format!("{names:020}{checksums:020}")
}

/// `at::hash_combine`.
fn combine(seed: u64, value: u64) -> u64 {
    seed ^ value.wrapping_add(0x9e37_79b9).wrapping_add(seed << 6).wrapping_add(seed >> 2)
}

/// libstdc++'s `std::hash<std::string>`: MurmurHash64A.
fn string_hash(bytes: &[u8]) -> u64 {
    const MUL: u64 = 0xc6a4_a793_5bd1_e995;
    let mix = |x: u64| x ^ (x >> 47);
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, &b| n << 8 | u64::from(b));
    let mut hash = 0xc70f_6907 ^ (bytes.len() as u64).wrapping_mul(MUL);
    let chunks = bytes.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        hash ^= mix(number(chunk).wrapping_mul(MUL)).wrapping_mul(MUL);
        hash = hash.wrapping_mul(MUL);
    }
    if !rest.is_empty() {
        hash = (hash ^ number(rest)).wrapping_mul(MUL);
    }
    mix(mix(hash).wrapping_mul(MUL))
}

/// A hash table's one list of all nodes: node 0 stands before the first, node `i` is the `i`-th element inserted.
struct Table<'a> {
    hashes: &'a [u64],
    next: Vec<usize>,
    /// the node before a bucket's first one
    before: std::collections::HashMap<u64, usize>,
    buckets: u64,
}

impl Table<'_> {
    fn bucket(&self, node: usize) -> u64 {
        node.checked_sub(1).and_then(|i| self.hashes.get(i)).map_or(0, |h| h % self.buckets)
    }

    fn after(&self, node: usize) -> usize {
        self.next.get(node).copied().unwrap_or(0)
    }

    fn link(&mut self, node: usize, next: usize) {
        if let Some(link) = self.next.get_mut(node) {
            *link = next;
        }
    }

    /// Puts a node at its bucket's begin, or, when the bucket is empty, at the list's.
    fn insert(&mut self, node: usize) {
        let bucket = self.bucket(node);
        let before = self.before.get(&bucket).copied();
        let follower = self.after(before.unwrap_or(0));
        self.link(node, follower);
        self.link(before.unwrap_or(0), node);
        if before.is_none() {
            self.before.insert(bucket, 0);
            if follower != 0 {
                self.before.insert(self.bucket(follower), node);
            }
        }
    }

    fn list(&self) -> Vec<usize> {
        let mut all = Vec::new();
        let mut node = self.after(0);
        while node != 0 {
            all.push(node);
            node = self.after(node);
        }
        all
    }

    /// Enters the nodes of the list anew, in its order.
    fn grow(&mut self, buckets: u64) {
        let list = self.list();
        self.buckets = buckets;
        self.before.clear();
        self.link(0, 0);
        for node in list {
            self.insert(node);
        }
    }
}

/// Hashes in the order in which the set gives them.
fn walk(hashes: &[u64]) -> Vec<u64> {
    let mut table = Table { hashes, next: vec![0; hashes.len() + 1], before: Default::default(), buckets: 1 };
    let mut sizes = BUCKETS.iter();
    for node in 1..=hashes.len() {
        if node == 1 || node as u64 > table.buckets {
            let Some(size) = sizes.next() else { break };
            table.grow(*size);
        }
        table.insert(node);
    }
    table.list().into_iter().filter_map(|node| hashes.get(node.checked_sub(1)?).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From torch 2.15's own files: `torch.save([torch.full((2,), float(i)) for i in range(n)], buffer)`.
    #[test]
    fn ids_are_torchs() {
        let fixed =
            [(".format_version", 2_212_294_583), (".storage_alignment", 3_916_527_423), ("byteorder", 434_322_821)];
        let data = [
            1_696_784_233,
            3_573_961_104,
            1_259_194_032,
            3_022_816_217,
            1_849_575_971,
            4_229_327_799,
            2_434_731_850,
            53_948_126,
            23_781_270,
            1_216_270_172,
            2_470_641_154,
            3_663_130_312,
        ];
        for (n, pickle, want) in [
            (0, 1_697_660_620, "0290846867776292310400077727464415439440"),
            (5, 3_538_144_009, "0055190185320359078701630638177169889786"),
            (12, 2_461_601_370, "1306957282387717882703286845663144711279"),
        ] {
            let mut records = vec![("data.pkl".to_owned(), Some(pickle))];
            records.extend(fixed.iter().map(|(name, crc)| ((*name).to_owned(), Some(*crc))));
            records.extend(data.iter().take(n).enumerate().map(|(i, crc)| (format!("data/{i}"), Some(*crc))));
            records.push(("version".to_owned(), Some(1_432_854_225)));
            assert_eq!(of(&records), want);
        }
    }
}
