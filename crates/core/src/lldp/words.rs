//! The words for what TLVs tell by bits and numbers. Clients know the words: they are Ironic's.

/// System capabilities by their bit, the lowest first (IEEE 802.1AB, table 8-4); the lowest one is `other`.
const CAPABILITIES: [&str; 11] = [
    "",
    "Repeater",
    "Bridge",
    "WLAN",
    "Router",
    "Telephone",
    "DOCSIS cable device",
    "Station only",
    "C-Vlan",
    "S-Vlan",
    "TPMR",
];

/// What a port can negotiate, by its bit, the lowest first (IANA-MAU-MIB, ifMauAutoNegCapBits); the highest is `other`.
const NEGOTIABLE: [&str; 15] = [
    "1000BASE-T fdx",
    "1000BASE-T hdx",
    "1000BASE-X fdx",
    "1000BASE-X hdx",
    "Asym and Sym PAUSE fdx",
    "Sym PAUSE fdx",
    "Asym PAUSE fdx",
    "PAUSE fdx",
    "100BASE-T2 fdx",
    "100BASE-T2 hdx",
    "100BASE-TX fdx",
    "100BASE-TX hdx",
    "10BASE-T4",
    "10BASE-T fdx",
    "10BASE-T hdx",
];

/// Types of medium attachment units by their number (IANA-MAU-MIB, dot3MauType).
const MAU_TYPES: [&str; 59] = [
    "Unknown",
    "AUI",
    "10BASE-5",
    "FOIRL",
    "10BASE-2",
    "10BASE-T duplex mode unknown",
    "10BASE-FP",
    "10BASE-FB",
    "10BASE-FL duplex mode unknown",
    "10BROAD36",
    "10BASE-T half duplex",
    "10BASE-T full duplex",
    "10BASE-FL half duplex",
    "10BASE-FL full duplex",
    "100 BASE-T4",
    "100BASE-TX half duplex",
    "100BASE-TX full duplex",
    "100BASE-FX half duplex",
    "100BASE-FX full duplex",
    "100BASE-T2 half duplex",
    "100BASE-T2 full duplex",
    "1000BASE-X half duplex",
    "1000BASE-X full duplex",
    "1000BASE-LX half duplex",
    "1000BASE-LX full duplex",
    "1000BASE-SX half duplex",
    "1000BASE-SX full duplex",
    "1000BASE-CX half duplex",
    "1000BASE-CX full duplex",
    "1000BASE-T half duplex",
    "1000BASE-T full duplex",
    "10GBASE-X",
    "10GBASE-LX4",
    "10GBASE-R",
    "10GBASE-ER",
    "10GBASE-LR",
    "10GBASE-SR",
    "10GBASE-W",
    "10GBASE-EW",
    "10GBASE-LW",
    "10GBASE-SW",
    "10GBASE-CX4",
    "2BASE-TL",
    "10PASS-TS",
    "100BASE-BX10D",
    "100BASE-BX10U",
    "100BASE-LX10",
    "1000BASE-BX10D",
    "1000BASE-BX10U",
    "1000BASE-LX10",
    "1000BASE-PX10D",
    "1000BASE-PX10U",
    "1000BASE-PX20D",
    "1000BASE-PX20U",
    "10GBASE-T",
    "10GBASE-LRM",
    "1000BASE-KX",
    "10GBASE-KX4",
    "10GBASE-KR",
];

/// The types of servers' faster ports, whose numbers Ironic does not know.
const FASTER_MAU_TYPES: [(u16, &str); 24] = [
    (70, "40GBASE-KR4"),
    (71, "40GBASE-CR4"),
    (72, "40GBASE-SR4"),
    (73, "40GBASE-FR"),
    (74, "40GBASE-LR4"),
    (75, "100GBASE-CR10"),
    (76, "100GBASE-SR10"),
    (77, "100GBASE-LR4"),
    (78, "100GBASE-ER4"),
    (88, "25GBASE-CR"),
    (89, "25GBASE-CR-S"),
    (90, "25GBASE-KR"),
    (91, "25GBASE-KR-S"),
    (92, "25GBASE-R"),
    (93, "25GBASE-SR"),
    (94, "25GBASE-T"),
    (95, "40GBASE-ER4"),
    (96, "40GBASE-R"),
    (97, "40GBASE-T"),
    (98, "100GBASE-CR4"),
    (99, "100GBASE-KR4"),
    (100, "100GBASE-KP4"),
    (101, "100GBASE-R"),
    (102, "100GBASE-SR4"),
];

/// What a switch can be or is, the lowest bit first.
pub(super) fn capabilities(bits: u16) -> Vec<&'static str> {
    of_bits(&CAPABILITIES, bits & !1)
}

/// What a port offers to negotiate, sorted.
pub(super) fn negotiable(bits: u16) -> Vec<&'static str> {
    let mut words = of_bits(&NEGOTIABLE, bits);
    words.sort_unstable();
    words
}

/// What a port's transceiver is.
pub(super) fn mau_type(number: u16) -> Option<&'static str> {
    let faster = || FASTER_MAU_TYPES.iter().find(|(known, _)| *known == number).map(|(_, word)| *word);
    MAU_TYPES.get(usize::from(number)).copied().or_else(faster)
}

fn of_bits(words: &[&'static str], bits: u16) -> Vec<&'static str> {
    words.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, word)| *word).collect()
}
