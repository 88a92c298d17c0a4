//! `itertools`.

use crate::python::iterate::Iter;
use crate::python::object::{Native, Object, Shallow};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use ruff_python_ast::Operator;

/// `itertools`' functions.
pub static TABLE: &[Native] = &[
    Native { name: "chain", run: |_, a| Ok(Object::iterator(Iter::Chain(Shallow(a.positional)))) },
    Native {
        name: "count",
        run: |_, a| {
            let [start, step] = a.bind("count", ["start", "step"], 0)?;
            Ok(Object::iterator(Iter::Count(start.unwrap_or(Object::Int(0)), step.unwrap_or(Object::Int(1)))))
        },
    },
    Native {
        name: "cycle",
        run: |me, a| {
            let [x] = a.exactly("cycle")?;
            let items = me.collect(&x)?;
            Ok(Object::iterator(Iter::Cycle(Shallow(items), 0)))
        },
    },
    Native {
        name: "repeat",
        run: |me, a| {
            let [x, times] = a.bind("repeat", ["object", "times"], 1)?;
            let x = x.unwrap_or_default();
            match times {
                None => Ok(Object::iterator(Iter::Repeat(x))),
                Some(times) => {
                    let times = usize::try_from(me.index(&times)?).unwrap_or(0);
                    me.step(times as u64)?;
                    Ok(Object::iterator(Iter::of(vec![x; times])))
                }
            }
        },
    },
    Native {
        name: "islice",
        run: |me, a| {
            let mut bounds = Vec::new();
            for x in a.positional.iter().skip(1) {
                bounds.push(match x {
                    Object::None => None,
                    x => Some(u64::try_from(me.index(x)?).map_err(|_| {
                        Raised::value_error("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
                    })?),
                });
            }
            let source = me.iter(a.positional.first().unwrap_or(&Object::None))?;
            let (start, stop, step) = match bounds.as_slice() {
                [stop] => (0, *stop, 1),
                [start, stop] => (start.unwrap_or(0), *stop, 1),
                [start, stop, step] => (start.unwrap_or(0), *stop, step.unwrap_or(1).max(1)),
                _ => return Err(Raised::type_error("islice expected at least 2 arguments")),
            };
            Ok(Object::iterator(Iter::Slice(Shallow(vec![source]), 0, start, stop, step)))
        },
    },
    Native {
        name: "takewhile",
        run: |me, a| {
            let [f, x] = a.exactly("takewhile")?;
            let x = me.iter(&x)?;
            Ok(Object::iterator(Iter::TakeWhile(Shallow(vec![f, x]))))
        },
    },
    Native {
        name: "dropwhile",
        run: |me, a| {
            let [f, x] = a.exactly("dropwhile")?;
            let mut items = me.collect(&x)?;
            while let Some(first) = items.first() {
                let dropped = me.call_object(&f, Arguments::of(vec![first.clone()]))?;
                if !me.truth(&dropped)? {
                    break;
                }
                items.remove(0);
            }
            Ok(Object::iterator(Iter::of(items)))
        },
    },
    Native {
        name: "starmap",
        run: |me, a| {
            let [f, x] = a.exactly("starmap")?;
            let mut results = Vec::new();
            for item in me.collect(&x)? {
                let arguments = me.collect(&item)?;
                results.push(me.call_object(&f, Arguments::of(arguments))?);
            }
            Ok(Object::iterator(Iter::of(results)))
        },
    },
    Native {
        name: "accumulate",
        run: |me, mut a| {
            let function = a.take("func");
            let initial = a.take("initial");
            let [x, f] = a.bind("accumulate", ["iterable", "func"], 1)?;
            let function = f.or(function).filter(|f| !matches!(f, Object::None));
            let mut total: Option<Object> = initial;
            let mut results: Vec<Object> = total.iter().cloned().collect();
            for item in me.collect(&x.unwrap_or_default())? {
                let next = match (total, &function) {
                    (None, _) => item,
                    (Some(total), Some(f)) => me.call_object(f, Arguments::of(vec![total, item]))?,
                    (Some(total), None) => me.binary(Operator::Add, &total, &item)?,
                };
                results.push(next.clone());
                total = Some(next);
            }
            Ok(Object::iterator(Iter::of(results)))
        },
    },
    Native {
        name: "pairwise",
        run: |me, a| {
            let [x] = a.exactly("pairwise")?;
            let items = me.collect(&x)?;
            let pairs = items
                .iter()
                .zip(items.iter().skip(1))
                .map(|(a, b)| Object::tuple(vec![a.clone(), b.clone()]))
                .collect();
            Ok(Object::iterator(Iter::of(pairs)))
        },
    },
    Native {
        name: "zip_longest",
        run: |me, mut a| {
            let fill = a.take("fillvalue").unwrap_or_default();
            let lists = a.positional.iter().map(|x| me.collect(x)).collect::<Outcome<Vec<_>>>()?;
            let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
            me.step(longest.saturating_mul(lists.len()) as u64)?;
            let rows = (0..longest)
                .map(|i| Object::tuple(lists.iter().map(|l| l.get(i).unwrap_or(&fill).clone()).collect()))
                .collect();
            Ok(Object::iterator(Iter::of(rows)))
        },
    },
    Native {
        name: "product",
        run: |me, mut a| {
            let repeat = match a.take("repeat") {
                Some(r) => usize::try_from(me.index(&r)?).unwrap_or(0),
                None => 1,
            };
            let pools = a.positional.iter().map(|x| me.collect(x)).collect::<Outcome<Vec<_>>>()?;
            let mut rows: Vec<Vec<Object>> = vec![Vec::new()];
            for _ in 0..repeat {
                for pool in &pools {
                    me.step(rows.len().saturating_mul(pool.len()) as u64)?;
                    rows = rows
                        .iter()
                        .flat_map(|row| pool.iter().map(move |x| [row.as_slice(), std::slice::from_ref(x)].concat()))
                        .collect();
                }
            }
            Ok(Object::iterator(Iter::of(rows.into_iter().map(Object::tuple).collect())))
        },
    },
    Native { name: "permutations", run: |me, a| choose(me, a, true) },
    Native { name: "combinations", run: |me, a| choose(me, a, false) },
    Native { name: "groupby", run: |_, _| Err(Raised::unsupported("itertools.groupby")) },
];

fn choose(me: &mut Interpreter, arguments: Arguments, ordered: bool) -> Outcome<Object> {
    let [x, count] = arguments.bind("combinations", ["iterable", "r"], 1)?;
    let pool = me.collect(&x.unwrap_or_default())?;
    let count = match count {
        Some(Object::None) | None => pool.len(),
        Some(count) => usize::try_from(me.index(&count)?).unwrap_or(0),
    };
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..count {
        me.step((rows.len().saturating_mul(pool.len())) as u64)?;
        let extend = |row: &Vec<usize>| {
            let first = if ordered { 0 } else { row.last().map_or(0, |last| last + 1) };
            (first..pool.len())
                .filter(|i| !row.contains(i))
                .map(|i| [row.as_slice(), &[i]].concat())
                .collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(extend).collect();
    }
    let rows =
        rows.into_iter().map(|row| Object::tuple(row.into_iter().filter_map(|i| pool.get(i).cloned()).collect()));
    Ok(Object::iterator(Iter::of(rows.collect())))
}
