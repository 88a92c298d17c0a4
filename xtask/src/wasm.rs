//! The wasm: which toolchain can build it here, cargo, wasm-bindgen, wasm-opt.

use crate::run::{debian, output, run, say, target};
use crate::stamp::Stamp;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

const TRIPLE: &str = "wasm32-unknown-unknown";
/// Where the module and its JavaScript go, inside the npm package.
pub const OUT: &str = "pkg/wasm";

/// Who compiles for wasm32.
pub enum Toolchain {
    /// rustup's target is there
    Rustup,
    /// Debian's compiler builds std itself, for machines that cannot download rustup's target
    Debian,
}

impl Toolchain {
    /// Takes what is there, adds rustup's target where that works, and else installs Debian's compiler.
    pub fn find() -> Result<Self> {
        let mut libdir = Command::new("rustc");
        libdir.args(["--print", "target-libdir", "--target", TRIPLE]);
        if output(&mut libdir).is_some_and(|dir| Path::new(&dir).exists()) {
            return Ok(Self::Rustup);
        }
        if Path::new("/usr/bin/cargo").exists() && Path::new("/usr/lib/rustlib/src").exists() {
            return Self::debian();
        }
        say("rustup target add wasm32-unknown-unknown");
        let mut add = Command::new("timeout");
        add.args(["60", "rustup", "target", "add", TRIPLE]);
        if output(&mut add).is_some() {
            return Ok(Self::Rustup);
        }
        say("rustup cannot add the target here; using Debian's compiler");
        Self::debian()
    }

    fn debian() -> Result<Self> {
        debian(
            &[
                "/usr/bin/rustc",
                "/usr/bin/cargo",
                "/usr/lib/rustlib/src",
                "/usr/bin/wasm-ld-22",
                "/usr/bin/cargo-clippy",
            ],
            &["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22", "rust-web-clippy"],
        )?;
        Ok(Self::Debian)
    }

    /// `cargo SUBCOMMAND` for wasm32, with its own target directory so that native builds do not wait for it.
    pub fn cargo(&self, subcommand: &str) -> Command {
        let mut command = match self {
            Self::Rustup => Command::new("cargo"),
            Self::Debian => Command::new("/usr/bin/cargo"),
        };
        command.arg(subcommand).args(["--lib", "-p", "torchtab", "--features", "webgpu", "--target", TRIPLE]);
        if matches!(self, Self::Debian) {
            let path = std::env::var("PATH").unwrap_or_default();
            command.arg("-Zbuild-std=std,panic_abort");
            command.env("PATH", format!("/usr/bin:{path}")).env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            for inherited in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "CARGO_MANIFEST_DIR", "LD_LIBRARY_PATH"] {
                command.env_remove(inherited);
            }
        }
        command.env("CARGO_TARGET_DIR", target_dir());
        command
    }
}

/// How much of a function may be copied to where it is called: little, since most of torchtab runs once for each network. What is marked
/// `#[inline]`, as the operations of SIMD vectors are that its kernels are made of, is held to a limit of its own.
const INLINE: &str = "llvm-args=-inline-threshold=50";

fn target_dir() -> PathBuf {
    let dir = target().join("wasm");
    std::path::absolute(&dir).unwrap_or(dir)
}

/// Makes `pkg/wasm/torchtab.js`, `torchtab.d.ts` and `torchtab_bg.wasm`.
pub fn build(release: bool) -> Result<()> {
    let profile = if release { "web-release" } else { "web" };
    say(&format!("the wasm (cargo rustc --profile {profile}; the first time takes a quarter of an hour)"));
    let mut build = Toolchain::find()?.cargo("rustc");
    // Without this export the linker runs every constructor (burn's kernel compiler registers thousands) before each call into the
    // module. `src/web/constructors.rs` calls it once.
    run(build.args(["--profile", profile, "--", "-C", "link-arg=--export=__wasm_call_ctors", "-C", INLINE]))?;
    let compiled = target_dir().join(TRIPLE).join(profile).join("torchtab.wasm");
    let made = format!("{OUT}/torchtab_bg.wasm");
    let stamp = Stamp::of("wasm", &[&compiled.to_string_lossy(), "Cargo.lock", "xtask/src/wasm.rs"], profile)?;
    if stamp.fresh(&[&made, &format!("{OUT}/torchtab.js"), &format!("{OUT}/torchtab.d.ts")]) {
        return Ok(());
    }
    say("wasm-bindgen");
    std::fs::create_dir_all(OUT)?;
    wasm_bindgen_cli_support::Bindgen::new()
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .remove_producers_section(true)
        .remove_name_section(true)
        .input_path(&compiled)
        .out_name("torchtab")
        .generate(OUT)
        .context("wasm-bindgen")?;
    if release {
        say("wasm-opt -O2 (a few minutes)");
        let small = format!("{made}.opt");
        // The module itself says which features it may use. With all that binaryen knows it would write sections that no browser reads yet.
        run(Command::new("node_modules/.bin/wasm-opt").args(["-O2", &made, "-o", &small]))?;
        run(Command::new("node").args(["-e", "new WebAssembly.Module(fs.readFileSync(process.argv[1]))", &small]))
            .context("the optimised module cannot be loaded")?;
        std::fs::rename(small, &made)?;
    }
    stamp.done()
}

/// The module's size as it is and as it travels: bytes raw, bytes with brotli at its best, as hosts keep files that they compress once.
pub fn sizes() -> Result<(usize, usize)> {
    let raw = std::fs::read(format!("{OUT}/torchtab_bg.wasm"))?;
    let mut small = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    brotli::BrotliCompress(&mut raw.as_slice(), &mut small, &parameters)?;
    Ok((raw.len(), small.len()))
}
