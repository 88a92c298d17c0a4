//! The innermost loops of matrix products, written instruction by instruction as a WebAssembly module of its own beside ours.
//!
//! The compiler's loop for the same tile spills registers and computes addresses that an instruction could hold: it takes half as long
//! again. And browsers with relaxed SIMD multiply and add in one instruction, which our module cannot name, since a browser without it
//! would not load the module at all; this one is written after asking. It works on our memory, which it imports.

use crate::engine::{TILE_COLUMNS, TILE_ROWS, Tiles, accelerate};
use js_sys::{Object, Reflect, Uint8Array, WebAssembly};
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    InstructionSink, MemArg, MemoryType, Module, TypeSection, ValType,
};

/// Steps of the innermost loop in one turn.
const UNROLL: u32 = 4;

#[wasm_bindgen]
extern "C" {
    /// An exported function of the module.
    #[wasm_bindgen(js_name = Function, is_type_of = JsValue::is_function)]
    type Loop;

    /// Calls it without the detour through an array of arguments.
    #[wasm_bindgen(method)]
    fn call(
        this: &Loop,
        receiver: &JsValue,
        left: u32,
        tiles: u32,
        depth: u32,
        right: u32,
        out: u32,
        stride: u32,
        pitch: u32,
    );
}

thread_local! {
    /// A loop for each height of a tile, from one row on: for tiles that are packed, and for those whose rows lie in order.
    static LOOPS: RefCell<[Vec<Loop>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// Writes the module and has the engine use it. Where a browser refuses even the plain one, the compiled loop stays.
pub fn install() {
    if let Some(loops) = instantiate(true).or_else(|| instantiate(false)) {
        LOOPS.set(loops);
        accelerate(strip);
    }
}

/// [`crate::engine::Strip`], by the module's loops.
fn strip(left: Tiles<'_>, right: &[f32], out: &mut [f32], stride: usize) {
    let Tiles { data, count, rows, pitch } = left;
    let depth = right.len() / TILE_COLUMNS;
    let below = count * rows - 1;
    // The loops read and write where they are told: here is the last place that knows how much room there is.
    let read = pitch.map_or((below + 1) * depth, |pitch| below * pitch + depth);
    let written = below * stride + TILE_COLUMNS;
    assert!(
        count * rows > 0 && data.len() >= read && out.len() >= written,
        "a strip within its factors and the result"
    );
    let place = |slice: &[f32]| slice.as_ptr() as usize;
    let [stride, step] = [stride, pitch.unwrap_or(0)].map(|elements| elements * size_of::<f32>());
    let [data, count, depth, right, out, stride, step] =
        [place(data), count, depth, place(right), place(out), stride, step].map(word);
    LOOPS.with_borrow(|[packed, in_place]| {
        let loops = if pitch.is_some() { in_place } else { packed };
        if let Some(run) = loops.get(rows - 1) {
            run.call(&JsValue::UNDEFINED, data, count, depth, right, out, stride, step);
        }
    });
}

/// Addresses and sizes have 32 bits here.
fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn instantiate(fused: bool) -> Option<[Vec<Loop>; 2]> {
    let bytes = Uint8Array::from(module(fused).as_slice());
    let compiled = WebAssembly::Module::new(&bytes).ok()?;
    let (imports, host) = (Object::new(), Object::new());
    Reflect::set(&host, &"memory".into(), &wasm_bindgen::memory()).ok()?;
    Reflect::set(&imports, &"host".into(), &host).ok()?;
    let exports = WebAssembly::Instance::new(&compiled, &imports).ok()?.exports();
    let exported = |left: Reading, rows| Reflect::get(&exports, &name(left, rows).into()).ok()?.dyn_into().ok();
    let all = |left: Reading| (1..=word(TILE_ROWS)).map(|rows| exported(left, rows)).collect::<Option<Vec<_>>>();
    Some([all(Reading::Packed)?, all(Reading::InPlace)?])
}

/// How a loop reads the left factor.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reading {
    /// packed, column after column
    Packed,
    /// row by row, where they lie
    InPlace,
}

fn name(left: Reading, rows: u32) -> String {
    format!("{left:?}{rows}")
}

/// A module with loops for each height of a tile, which multiply and add in one instruction where `fused`.
fn module(fused: bool) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 7], []);
    let memory = MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
    let mut imports = ImportSection::new();
    imports.import("host", "memory", EntityType::Memory(memory));
    let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
    let loops = [Reading::Packed, Reading::InPlace]
        .into_iter()
        .flat_map(|left| (1..=word(TILE_ROWS)).map(move |rows| (left, rows)));
    for (number, (left, rows)) in (0..).zip(loops) {
        functions.function(0);
        exports.export(&name(left, rows), ExportKind::Func, number);
        code.function(&body(left, rows, fused));
    }
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module.finish()
}

// Parameters, as `Loop::call` has them.
const LEFT: u32 = 0;
const TILES: u32 = 1;
const DEPTH: u32 = 2;
const RIGHT: u32 = 3;
const OUT: u32 = 4;
const STRIDE: u32 = 5;
const PITCH: u32 = 6;
// Locals: where the right panel is read, the steps left, each row in place, two vectors of the right factor and one of the left, the sums.
const AT: u32 = 7;
const STEPS: u32 = 8;
const LINES: u32 = 9;
const COLUMNS: [u32; 2] = [15, 16];
const ROW: u32 = 17;
const SUMS: u32 = 18;
/// Bytes of a vector.
const VECTOR: u32 = 16;

/// The loop over tiles of so many rows.
fn body(left: Reading, rows: u32, fused: bool) -> Function {
    let lines = COLUMNS[0] - LINES;
    let mut function = Function::new([(2 + lines, ValType::I32), (3 + 2 * rows, ValType::V128)]);
    let mut code = function.instructions();
    code.loop_(BlockType::Empty);
    code.local_get(RIGHT).local_set(AT).local_get(DEPTH).local_set(STEPS);
    if left == Reading::InPlace {
        // The next tile begins where this one's rows end.
        for row in 0..rows {
            code.local_get(LEFT).local_set(LINES + row);
            code.local_get(LEFT).local_get(PITCH).i32_add().local_set(LEFT);
        }
    }
    for sum in 0..2 * rows {
        code.v128_const(0).local_set(SUMS + sum);
    }
    for steps in [UNROLL, 1] {
        code.block(BlockType::Empty).loop_(BlockType::Empty);
        code.local_get(STEPS).i32_const(signed(steps)).i32_lt_u().br_if(1);
        for step in 0..steps {
            multiply(&mut code, left, rows, step, fused);
        }
        advance(&mut code, AT, steps * 2 * VECTOR);
        match left {
            Reading::Packed => advance(&mut code, LEFT, steps * rows * 4),
            Reading::InPlace => (0..rows).for_each(|row| advance(&mut code, LINES + row, steps * 4)),
        }
        code.local_get(STEPS).i32_const(signed(steps)).i32_sub().local_set(STEPS);
        code.br(0).end().end();
    }
    for row in 0..rows {
        for half in 0..2 {
            let place = at(half * VECTOR);
            code.local_get(OUT).local_get(OUT).v128_load(place).local_get(SUMS + 2 * row + half).f32x4_add();
            code.v128_store(place);
        }
        code.local_get(OUT).local_get(STRIDE).i32_add().local_set(OUT);
    }
    code.local_get(TILES).i32_const(1).i32_sub().local_tee(TILES).br_if(0);
    code.end().end();
    function
}

/// Adds the products of one column of the left factor with one row of the right one, `step` steps from where the loop stands.
fn multiply(code: &mut InstructionSink<'_>, left: Reading, rows: u32, step: u32, fused: bool) {
    for (half, columns) in (0..).zip(COLUMNS) {
        code.local_get(AT).v128_load(at((2 * step + half) * VECTOR)).local_set(columns);
    }
    for row in 0..rows {
        let (pointer, offset) = match left {
            Reading::Packed => (LEFT, step * rows + row),
            Reading::InPlace => (LINES + row, step),
        };
        code.local_get(pointer).v128_load32_splat(at(offset * 4)).local_set(ROW);
        for (half, columns) in (0..).zip(COLUMNS) {
            let sum = SUMS + 2 * row + half;
            code.local_get(ROW).local_get(columns);
            if fused {
                code.local_get(sum).f32x4_relaxed_madd();
            } else {
                code.f32x4_mul().local_get(sum).f32x4_add();
            }
            code.local_set(sum);
        }
    }
}

fn advance(code: &mut InstructionSink<'_>, pointer: u32, bytes: u32) {
    code.local_get(pointer).i32_const(signed(bytes)).i32_add().local_set(pointer);
}

fn at(offset: u32) -> MemArg {
    MemArg { offset: offset.into(), align: 2, memory_index: 0 }
}

fn signed(number: u32) -> i32 {
    number.cast_signed()
}
