//! Kernel command lines: what is joined, and what is refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn line(text: &str) -> String {
    KernelParams::parse(text).unwrap().to_string()
}

#[test]
fn flags_and_pairs_keep_their_order() {
    let text = "nofb vga=normal  console=ttyS0,115200n8\tipa-debug=1 console=tty0 root=UUID=0a-b";
    assert_eq!(line(text), "nofb vga=normal console=ttyS0,115200n8 ipa-debug=1 console=tty0 root=UUID=0a-b");
    assert_eq!(line("url=http://[fd00::1]:8080/a?b=1&c=2;d rootpwd=$1$salt$hash."), {
        "url=http://[fd00::1]:8080/a?b=1&c=2;d rootpwd=$1$salt$hash."
    });
}

#[test]
fn quotes_group_and_are_given_to_the_kernel_where_it_needs_them() {
    assert_eq!(line(r#"dyndbg="module foo +p" a='b'"#), r#"dyndbg="module foo +p" a=b"#);
    assert_eq!(line(r#"ke"y=a b""#), r#"key="a b""#);
    let params = KernelParams::parse("dyndbg='module foo +p' nofb").unwrap();
    assert_eq!(params.iter().map(KernelParam::in_grub).collect::<Vec<_>>(), ["'dyndbg=module foo +p'", "'nofb'"]);
}

#[test]
fn the_ramdisk_listens_for_lldp_unless_the_operator_has_said_so_or_not() {
    for (given, line) in [
        ("", "ipa-collect-lldp=1"),
        ("nofb ipa-lldp-timeout=60", "nofb ipa-lldp-timeout=60 ipa-collect-lldp=1"),
        ("ipa-collect-lldp=0 nofb", "ipa-collect-lldp=0 nofb"),
        ("ipa-collect-lldp", "ipa-collect-lldp"),
        ("ipa-inspection-collectors=default,lldp", "ipa-inspection-collectors=default,lldp"),
        ("ipa-inspection-collectors=default,logs", "ipa-inspection-collectors=default,logs ipa-collect-lldp=1"),
    ] {
        let params = KernelParams::parse(given).unwrap().listening_for_lldp();
        assert_eq!(params.map(|params| params.to_string()).as_deref(), Ok(line), "{given}");
    }
    let full = KernelParams::parse(&"a".repeat(MAX_LINE_BYTES)).unwrap();
    assert!(matches!(full.listening_for_lldp(), Err(InvalidKernelParam::TooLong(_))));
}

#[test]
fn what_a_boot_script_would_interpret_is_refused() {
    for text in [
        "a=${net0/mac}",
        "a=b\nboot",
        "a='b\nkernel http://evil/'",
        "a=\u{7f}",
        "a=b\0",
        "a=é",
        "a=\\x",
        r#"a='"'"#,
        r#"a="'""#,
        "; reboot",
        "a && b",
        "a || b",
        "# rest",
        "a='b ; c'",
        "a='b || c'",
        "a='b  c'",
        "a=' b'",
        "'a b=c'",
        "''",
        "=b",
        "-- init",
        "'${x}=1'",
    ] {
        assert!(matches!(KernelParams::parse(text), Err(InvalidKernelParam::Unsafe { .. })), "{text:?}");
    }
}

#[test]
fn an_open_quote_is_named() {
    assert_eq!(KernelParams::parse("a='b c").unwrap_err(), InvalidKernelParam::UnbalancedQuotes("a='b c".to_owned()));
}

#[test]
fn the_kernel_reads_2047_bytes_and_no_more() {
    let longest = format!("a={}", "x".repeat(MAX_LINE_BYTES - 2));
    assert_eq!(line(&longest).len(), MAX_LINE_BYTES);
    assert_eq!(KernelParams::parse(&format!("{longest}y")).unwrap_err(), InvalidKernelParam::TooLong(2048));
    let params = KernelParams::parse(&longest).unwrap();
    assert_eq!(params.with("b", "c").unwrap_err(), InvalidKernelParam::TooLong(2051));
}

#[test]
fn our_callback_overrides_an_operators() {
    let extras = KernelParams::parse("x=1 ipa-inspection-callback-url=http://old nofb").unwrap();
    let ours = extras.with(CALLBACK_KEY, "http://new/v1/continue").unwrap();
    assert_eq!(ours.to_string(), "x=1 nofb ipa-inspection-callback-url=http://new/v1/continue");
}

#[test]
fn a_nodes_line_replaces_the_configured_one_and_default_stands_for_it() {
    let resolve = |node| KernelParams::resolve(Some(&node), "a=1 b").map(|params| params.to_string());
    assert_eq!(KernelParams::resolve(None, "a=1 b").unwrap().to_string(), "a=1 b");
    assert_eq!(resolve(json!(null)).unwrap(), "a=1 b");
    assert_eq!(resolve(json!("c")).unwrap(), "c");
    assert_eq!(resolve(json!("")).unwrap(), "");
    assert_eq!(resolve(json!("x %default% y")).unwrap(), "x a=1 b y");
    assert!(matches!(resolve(json!("x=%default% \"")), Err(InvalidKernelParam::UnbalancedQuotes(_))));
    assert_eq!(resolve(json!(["a"])).unwrap_err(), InvalidKernelParam::NotText(json!(["a"])));
}

#[test]
fn stored_lists_are_checked_again_when_they_are_read() {
    let params = KernelParams::parse("dyndbg='module foo +p' nofb").unwrap();
    let stored = serde_json::to_value(&params).unwrap();
    assert_eq!(stored, json!(["dyndbg=module foo +p", "nofb"]));
    assert_eq!(serde_json::from_value::<KernelParams>(stored).unwrap(), params);
    assert!(serde_json::from_value::<KernelParams>(json!(["a=b\nboot"])).is_err());
}

proptest! {
    #[test]
    fn an_accepted_line_reads_the_same_again(text in "[ -~\\n\\t]{0,60}") {
        if let Ok(params) = KernelParams::parse(&text) {
            prop_assert_eq!(KernelParams::parse(&params.to_string()).unwrap(), params);
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = KernelParams::parse(&text);
    }
}
