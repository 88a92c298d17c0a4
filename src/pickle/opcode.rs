//! Pickle's opcodes: byte, name and argument, declared once (CPython's `pickletools`).

/// What follows an opcode's byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// nothing
    Nothing,
    /// one, two, four or eight bytes, little-endian; four signed
    U8,
    #[expect(missing_docs, reason = "see U8")]
    U16,
    #[expect(missing_docs, reason = "see U8")]
    U32,
    #[expect(missing_docs, reason = "see U8")]
    I32,
    #[expect(missing_docs, reason = "see U8")]
    U64,
    /// eight bytes, big-endian
    F64,
    /// bytes up to a newline
    Line,
    /// two lines
    Lines2,
    /// a length of 1, 4 or 8 bytes (4 signed for the oldest), then as many bytes
    Bytes1,
    #[expect(missing_docs, reason = "see Bytes1")]
    Bytes4,
    #[expect(missing_docs, reason = "see Bytes1")]
    BytesI4,
    #[expect(missing_docs, reason = "see Bytes1")]
    Bytes8,
}

macro_rules! opcodes {
    ($($name:ident = $byte:literal $argument:ident;)*) => {
        /// An opcode of protocols 0 to 5, under CPython's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(non_camel_case_types, missing_docs, reason = "CPython's names")]
        pub enum Opcode { $($name = $byte as isize,)* }

        impl Opcode {
            /// The opcode of a byte.
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte { $($byte => Some(Self::$name),)* _ => None }
            }

            /// What follows the byte.
            pub const fn argument(self) -> Argument {
                match self { $(Self::$name => Argument::$argument,)* }
            }
        }
    };
}

opcodes! {
    MARK = b'(' Nothing; STOP = b'.' Nothing; POP = b'0' Nothing; POP_MARK = b'1' Nothing; DUP = b'2' Nothing;
    FLOAT = b'F' Line; INT = b'I' Line; BININT = b'J' I32; BININT1 = b'K' U8; LONG = b'L' Line; BININT2 = b'M' U16;
    NONE = b'N' Nothing; PERSID = b'P' Line; BINPERSID = b'Q' Nothing; REDUCE = b'R' Nothing;
    STRING = b'S' Line; BINSTRING = b'T' BytesI4; SHORT_BINSTRING = b'U' Bytes1;
    UNICODE = b'V' Line; BINUNICODE = b'X' Bytes4;
    APPEND = b'a' Nothing; BUILD = b'b' Nothing; GLOBAL = b'c' Lines2; DICT = b'd' Nothing; EMPTY_DICT = b'}' Nothing;
    APPENDS = b'e' Nothing; GET = b'g' Line; BINGET = b'h' U8; INST = b'i' Lines2; LONG_BINGET = b'j' U32;
    LIST = b'l' Nothing; EMPTY_LIST = b']' Nothing; OBJ = b'o' Nothing;
    PUT = b'p' Line; BINPUT = b'q' U8; LONG_BINPUT = b'r' U32; SETITEM = b's' Nothing; TUPLE = b't' Nothing;
    EMPTY_TUPLE = b')' Nothing; SETITEMS = b'u' Nothing; BINFLOAT = b'G' F64;
    PROTO = b'\x80' U8; NEWOBJ = b'\x81' Nothing; EXT1 = b'\x82' U8; EXT2 = b'\x83' U16; EXT4 = b'\x84' I32;
    TUPLE1 = b'\x85' Nothing; TUPLE2 = b'\x86' Nothing; TUPLE3 = b'\x87' Nothing;
    NEWTRUE = b'\x88' Nothing; NEWFALSE = b'\x89' Nothing; LONG1 = b'\x8a' Bytes1; LONG4 = b'\x8b' BytesI4;
    BINBYTES = b'B' Bytes4; SHORT_BINBYTES = b'C' Bytes1;
    SHORT_BINUNICODE = b'\x8c' Bytes1; BINUNICODE8 = b'\x8d' Bytes8; BINBYTES8 = b'\x8e' Bytes8;
    EMPTY_SET = b'\x8f' Nothing; ADDITEMS = b'\x90' Nothing; FROZENSET = b'\x91' Nothing;
    NEWOBJ_EX = b'\x92' Nothing; STACK_GLOBAL = b'\x93' Nothing; MEMOIZE = b'\x94' Nothing; FRAME = b'\x95' U64;
    BYTEARRAY8 = b'\x96' Bytes8; NEXT_BUFFER = b'\x97' Nothing; READONLY_BUFFER = b'\x98' Nothing;
}
