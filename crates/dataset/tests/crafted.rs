//! Files made by hand whose claims aren't true, or are far larger than they: each is refused, in
//! little time and memory, and the process lives.

mod common;

use common::lengths_of;
use std::path::Path;
use stowage_dataset::Fault;
use stowage_engine::PackOptions;

/// A column of lists of integers whose one row has 2^31 - 1 elements, by a run-length of a few bytes.
const ONE_ROW: &str = "504152311504150815084c150215000000070000001500153a153a2c15feffffff0f1510150615060000\
         080000000200fcffffff0f0106000000feffffff0f0301feffffff0f001504194c4806736368656d6115\
         020035021809696e7075745f6964731502150600350418046c697374150200150225021807656c656d65\
         6e74001602191c191c262a1c150219250006193809696e7075745f696473046c69737407656c656d656e\
         74150016feffffff0f168601168601262a2608000016c801160200007d00000050415231";
/// A schema element with 2^31 - 1 children.
const CHILDREN: &str = "504152311504192c4806736368656d6115feffffff0f0035021809696e7075745f696473150215060016\
         00190c002a00000050415231";
/// A name of 2^31 - 1 bytes.
const NAME: &str = "504152311504191c4801ffffffff071600190c001000000050415231";
/// A snappy page that unpacks to 2 GiB, of a few bytes.
const PAGE: &str = "50415231150015feffffff0f155a2c150a1500150615060000ffffffff07000000000000000000000000\
         000000000000000000000000000000000000000000000000000000001504194c4806736368656d611502\
         0035021809696e7075745f6964731502150600350418046c697374150200150225021807656c656d656e\
         7400160a191c191c26081c150219250006193809696e7075745f696473046c69737407656c656d656e74\
         1502160a16feffffff0f1684012608000016c801160a00007a00000050415231";
/// 2^62 rows.
const ROWS: &str = "504152311504194c4806736368656d6115020035021809696e7075745f6964731502150600350418046c\
         697374150200150225021807656c656d656e74001680808080808080808001191c191c26081c15021925\
         0006193809696e7075745f696473046c69737407656c656d656e74150016808080808080808080011600\
         16002608000016c801168080808080808080800100009000000050415231";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// A file with no rows, whose schema is nested so deep: elements of the compact protocol.
fn deep(levels: usize) -> Vec<u8> {
    let group = |name: &[u8]| {
        // repetition optional, name, one child
        let head = [0x35, 0x02, 0x18, name.len() as u8];
        [&head, name, &[0x15, 0x02, 0x00]].concat()
    };
    let leaf = [0x15, 0x02, 0x25, 0x02, 0x18, 0x01, b'x', 0x00];
    let root = [&[0x48, 0x06][..], b"schema", &[0x15, 0x02, 0x00]].concat();
    let count = levels + 2;
    let mut footer = vec![0x15, 0x04, 0x19];
    if count < 15 {
        footer.push((count as u8) << 4 | 0xC);
    } else {
        footer.extend([0xFC, (count & 0x7F) as u8 | 0x80, (count >> 7) as u8]);
    }
    footer.extend(root);
    (0..levels).for_each(|_| footer.extend(group(b"a")));
    footer.extend(leaf);
    footer.extend([0x16, 0x00, 0x19, 0x0C, 0x00]); // no rows, no row groups
    let length = (footer.len() as u32).to_le_bytes();
    [b"PAR1".as_slice(), &footer, &length, b"PAR1"].concat()
}

fn faults(path: &Path) -> [Fault; 2] {
    let lengths = lengths_of(&[path]);
    let output = path.with_extension("out");
    let packed = common::pack(path, output.clone(), "arrow", PackOptions::new(2048));
    assert!(!output.exists());
    [lengths.expect_err("lengths"), packed.expect_err("packed")]
}

#[test]
fn what_a_file_claims_is_not_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.parquet");
    for (name, hex) in [
        ("one row", ONE_ROW),
        ("children", CHILDREN),
        ("name", NAME),
        ("page", PAGE),
        ("rows", ROWS),
    ] {
        std::fs::write(&path, bytes(hex)).expect("written");
        for fault in faults(&path) {
            assert_eq!(fault.code(), "ERR_FORMAT", "{name}: {fault}");
        }
    }
}

#[test]
fn nesting_has_an_end_which_the_message_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.parquet");
    for levels in [65, 100, 2000, 200_000] {
        std::fs::write(&path, deep(levels)).expect("written");
        for fault in faults(&path) {
            assert_eq!(fault.code(), "ERR_FORMAT", "{levels}: {fault}");
            assert!(fault.to_string().contains("deeper than 64 levels"), "{levels}: {fault}");
        }
    }
    // What may be is read: there are no rows, and no column of tokens.
    for levels in [1, 8, 64] {
        std::fs::write(&path, deep(levels)).expect("written");
        for fault in faults(&path) {
            assert_eq!(fault.code(), "ERR_COLUMN", "{levels}: {fault}");
            assert!(fault.to_string().contains("found: a"), "{levels}: {fault}");
        }
    }
}
