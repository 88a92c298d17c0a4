//! Matrix products of float32: blocks of the right factor are packed so that the innermost loop reads memory in order and keeps a tile of
//! the result in registers. The left factor is read where it lies when its rows are in order, else it is packed, too.
//!
//! The tile is 6 rows by 8 columns: twelve SIMD accumulators of four lanes, which with two vectors of the right factor and one of the
//! left fill the fifteen registers that browsers give WebAssembly on x86-64. Compiled Rust keeps more operands beside them and spills, so
//! in a browser [`accelerate`] puts instructions of the rim's own in its place.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;
use wide::f32x4;

/// Rows of a tile.
pub const TILE_ROWS: usize = 6;
/// Columns of a tile: two vectors.
pub const TILE_COLUMNS: usize = 8;
/// Depth of a block: a panel of the right factor stays in the first cache.
const DEPTH: usize = 256;
/// Panels of the left factor that are packed together.
const PANELS: usize = 8;
/// Columns of a block: a block of the right factor stays in the second cache.
const COLUMNS: usize = 512;

/// What adds to a strip of the result, [`TILE_COLUMNS`] wide: the products of tiles with a packed panel of columns. Each row of `out` starts
/// `stride` elements after the one above.
pub type Strip = fn(left: Tiles<'_>, right: &[f32], out: &mut [f32], stride: usize);

/// Tiles of the left factor, one below the other.
#[derive(Clone, Copy)]
pub struct Tiles<'a> {
    /// from the first row's first element on
    pub data: &'a [f32],
    /// how many there are
    pub count: usize,
    /// rows of each
    pub rows: usize,
    /// from one row to the next where rows lie in order; `None` where each tile is packed, column after column
    pub pitch: Option<usize>,
}

static ACCELERATED: OnceLock<Strip> = OnceLock::new();

/// Has strips multiplied by this from now on. The first call stands.
pub fn accelerate(strip: Strip) {
    // A second caller has nothing better: what is there stays.
    let _ = ACCELERATED.set(strip);
}

/// A matrix somewhere in a slice: element (i, j) lies at `i * row + j * column`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub row: usize,
    pub column: usize,
}

/// What the result starts from.
#[derive(Clone, Copy)]
pub enum Bias<'a> {
    None,
    /// one number for each row
    Rows(&'a [f32]),
    /// one number for each column
    Columns(&'a [f32]),
    /// what is there: products are summed up
    Sum,
}

/// The left factor of products: as often as it is multiplied, it is packed once, block by block of columns.
pub struct Left<'a> {
    rows: usize,
    columns: usize,
    data: Cow<'a, [f32]>,
    /// as [`Tiles`] has it
    pitch: Option<usize>,
}

impl<'a> Left<'a> {
    /// Packs a matrix whose rows do not lie in order.
    pub fn new(a: &Matrix<'a>) -> Self {
        let Matrix { rows, columns, .. } = *a;
        if a.column == 1 {
            return Self { rows, columns, data: Cow::Borrowed(a.data), pitch: Some(a.row) };
        }
        let mut panels = vec![0.0; rows * columns];
        for (k, block) in blocks(columns, DEPTH).zip(panels.chunks_mut((rows * DEPTH).max(1))) {
            a.pack_rows(&k, block);
        }
        Self { rows, columns, data: Cow::Owned(panels), pitch: None }
    }

    /// All rows of the columns `k`, a block: whole tiles, and what is left below them.
    fn tiles(&self, k: &Range<usize>) -> [Tiles<'_>; 2] {
        let (count, rest) = (self.rows / TILE_ROWS, self.rows % TILE_ROWS);
        let (start, row) = match self.pitch {
            Some(pitch) => (k.start, pitch),
            None => (self.rows * k.start, k.len()),
        };
        let from = |row_number: usize| self.data.get(start + row_number * row..).unwrap_or_default();
        let pitch = self.pitch;
        [
            Tiles { data: from(0), count, rows: TILE_ROWS, pitch },
            Tiles { data: from(count * TILE_ROWS), count: rest.min(1), rows: rest, pitch },
        ]
    }
}

/// Memory for packed blocks of the right factor and for a strip that is wider than what is left of the result, used again by the next
/// product.
#[derive(Default)]
pub struct Scratch {
    right: Vec<f32>,
    strip: Vec<f32>,
}

impl Bias<'_> {
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::None | Self::Sum => None,
            Self::Rows(all) | Self::Columns(all) => Some(all.len()),
        }
    }

    /// Writes what the sum for row `row`, columns from `column` on, starts from.
    pub fn start(&self, row: usize, column: usize, out: &mut [f32]) {
        match self {
            Self::Sum => {}
            Self::None => out.fill(0.0),
            Self::Rows(all) => out.fill(all.get(row).copied().unwrap_or(0.0)),
            Self::Columns(all) => {
                for (out, bias) in out.iter_mut().zip(all.iter().skip(column)) {
                    *out = *bias;
                }
            }
        }
    }
}

impl<'a> Matrix<'a> {
    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row: self.column, column: self.row, ..self }
    }

    /// From an element on.
    pub fn from(&self, row: usize, column: usize) -> &'a [f32] {
        self.data.get(row * self.row + column * self.column..).unwrap_or_default()
    }

    /// Rows `k` of columns `j` as panels of [`TILE_COLUMNS`] columns, row after row; missing columns are zero.
    pub fn pack(&self, k: Range<usize>, j: Range<usize>, panels: &mut [f32]) {
        let columns = j.clone().step_by(TILE_COLUMNS);
        for (first, panel) in columns.zip(panels.chunks_exact_mut(TILE_COLUMNS * k.len().max(1))) {
            let width = TILE_COLUMNS.min(j.end - first);
            if self.column == 1 && width == TILE_COLUMNS {
                for (row, out) in k.clone().zip(panel.as_chunks_mut::<TILE_COLUMNS>().0) {
                    if let Some(values) = self.from(row, first).first_chunk() {
                        *out = *values;
                    }
                }
                continue;
            }
            if width < TILE_COLUMNS {
                panel.fill(0.0);
            }
            for lane in 0..width {
                let column = self.from(k.start, first + lane).iter().step_by(self.row.max(1));
                let lanes = panel.iter_mut().skip(lane).step_by(TILE_COLUMNS);
                if self.row == 0 {
                    let value = self.from(k.start, first + lane).first().copied().unwrap_or(0.0);
                    lanes.for_each(|out| *out = value);
                } else {
                    lanes.zip(column).for_each(|(out, value)| *out = *value);
                }
            }
        }
    }

    /// Columns `k` of every row as panels of [`TILE_ROWS`] rows (the last one has what is left), column after column.
    fn pack_rows(&self, k: &Range<usize>, panels: &mut [f32]) {
        let depth = k.len().max(1);
        let (whole, rest) = panels.split_at_mut(self.rows / TILE_ROWS * TILE_ROWS * depth);
        if self.row == 1 {
            self.pack_lines(k, whole);
        } else {
            for (number, panel) in whole.chunks_exact_mut(TILE_ROWS * depth).enumerate() {
                self.pack_panel(number * TILE_ROWS, k, panel);
            }
        }
        self.pack_panel(self.rows / TILE_ROWS * TILE_ROWS, k, rest);
    }

    /// One panel, row by row; from row `first` on.
    fn pack_panel(&self, first: usize, k: &Range<usize>, panel: &mut [f32]) {
        let height = panel.len() / k.len().max(1);
        for lane in 0..height {
            let row = self.from(first + lane, k.start).iter().step_by(self.column.max(1));
            let lanes = panel.iter_mut().skip(lane).step_by(height);
            lanes.zip(row).for_each(|(out, value)| *out = *value);
        }
    }

    /// Whole panels of a matrix whose columns lie in order: some panels at a time, so that what is read of a column is read once.
    fn pack_lines(&self, k: &Range<usize>, panels: &mut [f32]) {
        for (number, panels) in panels.chunks_mut(PANELS * TILE_ROWS * k.len().max(1)).enumerate() {
            let tiles = panels.as_chunks_mut::<TILE_ROWS>().0;
            for (step, column) in k.clone().enumerate() {
                let line = self.from(number * PANELS * TILE_ROWS, column).as_chunks().0;
                for (out, values) in tiles.iter_mut().skip(step).step_by(k.len()).zip(line) {
                    *out = *values;
                }
            }
        }
    }
}

/// `out = a b + bias`, where `b` has `columns` columns and is known by its packing alone: `pack(k, j, panels)` writes what
/// [`Matrix::pack`] does. `out` is row-major.
pub fn multiply(
    a: &Left<'_>,
    columns: usize,
    mut pack: impl FnMut(Range<usize>, Range<usize>, &mut [f32]),
    bias: Bias<'_>,
    out: &mut [f32],
    scratch: &mut Scratch,
) {
    for (row, out) in out.chunks_exact_mut(columns.max(1)).enumerate() {
        bias.start(row, 0, out);
    }
    let depth = DEPTH.min(a.columns);
    let Scratch { right, strip } = scratch;
    grow(right, COLUMNS.min(columns.next_multiple_of(TILE_COLUMNS)) * depth);
    for k in blocks(a.columns, DEPTH) {
        let left = a.tiles(&k);
        for j in blocks(columns, COLUMNS) {
            pack(k.clone(), j.clone(), right);
            let panels = right.chunks_exact(TILE_COLUMNS * k.len());
            for (column, panel) in j.step_by(TILE_COLUMNS).zip(panels) {
                let width = TILE_COLUMNS.min(columns - column);
                let out = out.get_mut(column..).unwrap_or_default();
                if width == TILE_COLUMNS {
                    add_strip(left, panel, out, columns);
                    continue;
                }
                strip.clear();
                strip.resize(a.rows * TILE_COLUMNS, 0.0);
                add_strip(left, panel, strip, TILE_COLUMNS);
                for (row, sums) in out.chunks_mut(columns).zip(strip.chunks_exact(TILE_COLUMNS)) {
                    row.iter_mut().zip(sums).take(width).for_each(|(out, sum)| *out += sum);
                }
            }
        }
    }
}

fn grow(buffer: &mut Vec<f32>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
}

/// `0..end` in ranges of at most `step`.
fn blocks(end: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..end).step_by(step).map(move |start| start..end.min(start + step))
}

/// Adds the products of all rows with a packed panel of columns.
fn add_strip(tiles: [Tiles<'_>; 2], right: &[f32], out: &mut [f32], stride: usize) {
    let [whole, rest] = tiles;
    let (above, below) = out.split_at_mut((whole.count * TILE_ROWS * stride).min(out.len()));
    let run = ACCELERATED.get().copied().unwrap_or(compiled);
    for (tiles, out) in [(whole, above), (rest, below)] {
        if tiles.count > 0 {
            run(tiles, right, out, stride);
        }
    }
}

/// A [`Strip`] as the compiler makes it.
fn compiled(left: Tiles<'_>, right: &[f32], out: &mut [f32], stride: usize) {
    match left.rows {
        1 => tiles::<1>(left, right, out, stride),
        2 => tiles::<2>(left, right, out, stride),
        3 => tiles::<3>(left, right, out, stride),
        4 => tiles::<4>(left, right, out, stride),
        5 => tiles::<5>(left, right, out, stride),
        _ => tiles::<TILE_ROWS>(left, right, out, stride),
    }
}

fn tiles<const R: usize>(left: Tiles<'_>, right: &[f32], out: &mut [f32], stride: usize) {
    let depth = right.len() / TILE_COLUMNS;
    for (number, out) in out.chunks_mut(R * stride).take(left.count).enumerate() {
        let from = |start: usize| left.data.get(start..).unwrap_or_default();
        match left.pitch {
            None => {
                let columns = from(number * R * depth).as_chunks::<R>().0.iter().copied();
                tile::<R>(columns, right, out, stride);
            }
            Some(pitch) => {
                let rows: [&[f32]; R] = std::array::from_fn(|r| from((number * R + r) * pitch));
                let columns = (0..depth).map(|k| rows.map(|row| row.get(k).copied().unwrap_or(0.0)));
                tile::<R>(columns, right, out, stride);
            }
        }
    }
}

/// Adds a tile: `R` rows, column after column, times a packed panel.
fn tile<const R: usize>(left: impl Iterator<Item = [f32; R]>, right: &[f32], out: &mut [f32], stride: usize) {
    let mut sums = [[f32x4::ZERO; 2]; R];
    for (a, b) in left.zip(right.as_chunks::<TILE_COLUMNS>().0) {
        let [b0, b1, b2, b3, b4, b5, b6, b7] = *b;
        let (low, high) = (f32x4::new([b0, b1, b2, b3]), f32x4::new([b4, b5, b6, b7]));
        for (sum, a) in sums.iter_mut().zip(a) {
            let a = f32x4::splat(a);
            sum[0] += a * low;
            sum[1] += a * high;
        }
    }
    for (sum, row) in sums.iter().zip(out.chunks_mut(stride)) {
        let [low, high] = sum.map(f32x4::to_array);
        for (out, value) in row.iter_mut().zip(low.into_iter().chain(high)) {
            *out += value;
        }
    }
}
