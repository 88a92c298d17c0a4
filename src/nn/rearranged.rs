//! Known elements moved about, as views and joins do: strides over a list of row-major values.

/// Row-major strides of a shape.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1isize; shape.len()];
    for at in (1..shape.len()).rev() {
        let (next, size) = (strides.get(at).copied().unwrap_or(1), shape.get(at).copied().unwrap_or(1));
        if let Some(stride) = strides.get_mut(at - 1) {
            *stride = next.saturating_mul(isize::try_from(size).unwrap_or(isize::MAX));
        }
    }
    strides
}

/// The elements of a view: its shape, a stride for each dim, and where its first element is.
pub fn strided(values: &[f64], shape: &[usize], strides: &[isize], offset: isize) -> Option<Vec<f64>> {
    let mut places = vec![offset];
    for (size, stride) in shape.iter().zip(strides) {
        let steps = (0..isize::try_from(*size).ok()?).map(|step| step.saturating_mul(*stride));
        places = places.iter().flat_map(|place| steps.clone().map(move |step| place.saturating_add(step))).collect();
    }
    places.into_iter().map(|place| values.get(usize::try_from(place).ok()?).copied()).collect()
}

/// Broadcast to a shape of the same or a higher rank.
pub fn expanded(values: &[f64], from: &[usize], to: &[usize]) -> Option<Vec<f64>> {
    let new = to.len().checked_sub(from.len())?;
    let own = strides(from);
    let stride = |at: usize| {
        let inner = at.checked_sub(new)?;
        (*from.get(inner)? != 1).then(|| own.get(inner).copied())?
    };
    let strides: Vec<isize> = (0..to.len()).map(|at| stride(at).unwrap_or(0)).collect();
    strided(values, to, &strides, 0)
}

/// Each group of elements that lie along `dims`, in the order of the others.
pub fn groups(values: &[f64], shape: &[usize], dims: &[usize]) -> Option<Vec<Vec<f64>>> {
    let (kept, gone): (Vec<usize>, Vec<usize>) = (0..shape.len()).partition(|at| !dims.contains(at));
    let order: Vec<usize> = kept.into_iter().chain(gone.iter().copied()).collect();
    let own = strides(shape);
    let sizes: Vec<usize> = order.iter().filter_map(|at| shape.get(*at).copied()).collect();
    let moved: Vec<isize> = order.iter().filter_map(|at| own.get(*at).copied()).collect();
    let length: usize = gone.iter().filter_map(|at| shape.get(*at)).product();
    let all = strided(values, &sizes, &moved, 0)?;
    if length == 0 {
        let count = sizes.iter().take(order.len() - gone.len()).product();
        return Some(vec![Vec::new(); count]);
    }
    Some(all.chunks(length).map(<[f64]>::to_vec).collect())
}

/// Parts one behind the other along a dim, each given with its size there; `outer` rows before the dim, `inner` elements behind it.
pub fn joined(parts: &[(Vec<f64>, usize)], outer: usize, inner: usize) -> Option<Vec<f64>> {
    let mut all = Vec::new();
    for at in 0..outer {
        for (values, size) in parts {
            let row = size * inner;
            all.extend_from_slice(values.get(at * row..(at + 1) * row)?);
        }
    }
    Some(all)
}

/// The triangle on the last two dims: elements whose column is not on the wanted side of the diagonal become 0.
pub fn triangle(values: &mut [f64], shape: &[usize], diagonal: i64, upper: bool) -> Option<()> {
    let [.., rows, columns] = shape else { return None };
    let (rows, columns) = (i64::try_from(*rows).ok()?, i64::try_from(*columns).ok()?);
    for (at, value) in (0i64..).zip(values) {
        let (row, column) = (at / columns.max(1) % rows.max(1), at % columns.max(1));
        let kept = if upper { column - row >= diagonal } else { column - row <= diagonal };
        if !kept {
            *value = 0.0;
        }
    }
    Some(())
}
