//! CRC-32 of IEEE 802.3.

/// Bit by bit with a table of a byte's remainders: snapshots are small.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut remainder, mut bit) = (byte as u32, 0);
            while bit < 8 {
                let low = remainder & 1;
                remainder = (remainder >> 1) ^ (low * 0xEDB8_8320);
                bit += 1;
            }
            table[byte] = remainder;
            byte += 1;
        }
        table
    };
    !bytes
        .iter()
        .fold(!0, |crc: u32, &byte| crc >> 8 ^ TABLE[((crc ^ u32::from(byte)) & 255) as usize])
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_checksum_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926); // the check value of the catalogues
        assert_eq!(crc32(b""), 0);
    }
}
