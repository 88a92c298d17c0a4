//! Products of a few rows with a matrix, as a recurrent step or the classifier of one image is: each element of the matrix is read
//! once where it lies, since packing it would cost more than the product.

use super::gemm::{Bias, Matrix};
use wide::f32x4;

/// Columns that share the reads of the row.
const TOGETHER: usize = 4;

/// `out = a b + bias`, row-major. False when the matrix lies in memory in neither of the ways that this reads.
pub fn product(a: &Matrix<'_>, b: &Matrix<'_>, bias: Bias<'_>, out: &mut [f32]) -> bool {
    let by_column = b.row == 1;
    if !by_column && b.column != 1 {
        return false;
    }
    for (number, out) in out.chunks_exact_mut(b.columns.max(1)).enumerate() {
        bias.start(number, 0, out);
        let row: Vec<f32> = a.from(number, 0).iter().step_by(a.column.max(1)).take(a.columns).copied().collect();
        if by_column {
            columns(&row, b, out);
        } else {
            rows(&row, b, out);
        }
    }
    true
}

/// The columns lie in order: dot products, [`TOGETHER`] at a time.
fn columns(row: &[f32], b: &Matrix<'_>, out: &mut [f32]) {
    for (number, out) in out.chunks_mut(TOGETHER).enumerate() {
        let column = |lane: usize| {
            let lane = lane.min(out.len() - 1);
            b.from(0, number * TOGETHER + lane).get(..row.len()).unwrap_or_default()
        };
        let sums = dots(row, [column(0), column(1), column(2), column(3)]);
        for (out, sum) in out.iter_mut().zip(sums) {
            *out += sum;
        }
    }
}

fn dots(row: &[f32], columns: [&[f32]; TOGETHER]) -> [f32; TOGETHER] {
    let (chunks, rest) = row.as_chunks::<4>();
    let split = columns.map(|c| c.as_chunks::<4>());
    let [c0, c1, c2, c3] = split.map(|(chunks, _)| chunks);
    let mut sums = [f32x4::ZERO; TOGETHER];
    for ((((a, b0), b1), b2), b3) in chunks.iter().zip(c0).zip(c1).zip(c2).zip(c3) {
        let a = f32x4::new(*a);
        for (sum, b) in sums.iter_mut().zip([b0, b1, b2, b3]) {
            *sum += a * f32x4::new(*b);
        }
    }
    let mut totals = sums.map(f32x4::reduce_add);
    for (total, (_, tail)) in totals.iter_mut().zip(split) {
        *total += rest.iter().zip(tail).map(|(a, b)| a * b).sum::<f32>();
    }
    totals
}

/// The rows lie in order: each is added with its weight.
fn rows(row: &[f32], b: &Matrix<'_>, out: &mut [f32]) {
    for (k, &a) in row.iter().enumerate() {
        for (out, value) in out.iter_mut().zip(b.from(k, 0)) {
            *out += a * value;
        }
    }
}
