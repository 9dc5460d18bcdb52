//! Tests that parse sample output of strace.

use super::parse_calls;

const SAMPLE_OUTPUT: &str = r#"7 20:51:12.1 openat(AT_FDCWD<\x2f>, "\x61", O_WRONLY|O_DSYNC|O_CLOEXEC) = 21<\x2f\x61>
   8 20:51:12.2 recvfrom(24<\x73\x6f>,  <unfinished ...>
7 20:51:12.3 writev(20<\x2f\x61>, [{iov_base="\x02\x00", iov_len=2}, {iov_base="\x22", iov_len=1}], 2 <unfinished ...>
   8 20:51:12.4 <... recvfrom resumed>"\x10\x0d", 2048, 0, NULL, NULL) = 2
7 20:51:12.5 <... writev resumed>)    = 3
   8 20:51:12.6 recvfrom(24<\x73\x6f>, 0x7f64285fd0c0, 128, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
7 20:51:12.7 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---
   8 20:51:12.8 read(24<\x73\x6f>, 0x7f64285fd0c0, 128) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
7 20:51:12.9 +++ exited with 0 +++
"#;

#[test]
fn interrupted_calls_are_joined_and_ordered_by_return() {
    let calls = parse_calls(SAMPLE_OUTPUT);
    let seen: Vec<_> =
        calls.iter().map(|call| (&*call.name, call.result, call.start_line, call.end_line)).collect();
    assert_eq!(
        seen,
        [("openat", 21, 0, 0), ("recvfrom", 2, 1, 3), ("writev", 3, 2, 4), ("recvfrom", -1, 5, 5)]
    );
}

#[test]
fn arguments_and_results_are_parsed() {
    let calls = parse_calls(SAMPLE_OUTPUT);
    let [open, receive, write, again] = &calls[..] else { panic!("four calls: {calls:?}") };
    assert!(open.has_flag("O_DSYNC") && !open.has_flag("O_SYNC"));
    assert_eq!((open.returned_target(), open.descriptor()), ("/a".to_owned(), None));
    assert_eq!(
        (receive.descriptor(), receive.target(), receive.bytes()),
        (Some(24), "so".to_owned(), vec![0x10, 0x0d])
    );
    assert_eq!((write.target(), write.bytes()), ("/a".to_owned(), vec![2, 0, 0x22]));
    assert!(again.bytes().is_empty());
}

#[test]
#[should_panic(expected = "cut an argument off")]
fn an_argument_that_strace_cut_off_panics() {
    let _ = parse_calls(r#"7 20:51:12.1 write(1<\x61>, "\x61"..., 20) = 20"#);
}
