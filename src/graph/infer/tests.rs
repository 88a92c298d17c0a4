//! Every operator's results and refusals against what torch 2.15 said (`tests/oracle/infer.py`).

use super::infer;
use crate::dtype::DType;
use crate::graph::Info;
use crate::graph::op::Op;

#[test]
fn a_linear_layer_fits_or_is_refused_in_torchs_words() {
    let info = |shape: &[usize]| Info { shape: shape.to_vec(), dtype: DType::Float32 };
    let (x, w) = (info(&[64, 100]), info(&[10, 120]));
    let told = infer(&Op::Linear, &[&x, &w]).map_err(|e| e.message);
    assert_eq!(told, Err("mat1 and mat2 shapes cannot be multiplied (64x100 and 120x10)".to_owned()));
    assert_eq!(infer(&Op::Linear, &[&info(&[5, 120]), &w]), Ok(vec![info(&[5, 10])]));
}
