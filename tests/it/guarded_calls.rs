//! Calls to URLs that somebody gave: where they may lead, and that nothing is
//! sent where they may not.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use oc::domain::target::Reach;
use oc::platform::http_client::{CallError, GuardedClient};

use crate::support::receiver::{Behaviour, Receiver};
use crate::support::waiting::until_async;

fn client(reach: Reach) -> GuardedClient {
    GuardedClient::new(reach, Duration::from_secs(5))
}

fn fine() -> Receiver {
    Receiver::start(Behaviour::Answer(204, String::new()))
}

async fn post(client: &GuardedClient, url: &str) -> Result<u16, CallError> {
    client.post(url, &[("Content-Type", "application/json")], b"{}").await.map(|answer| answer.status)
}

/// Reads up to the end of the body that [`post`] sends.
fn read_request(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n{}") {
        stream.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
}

fn forbidden(outcome: Result<u16, CallError>) -> bool {
    matches!(outcome, Err(CallError::Forbidden(_)))
}

#[actix_web::test]
async fn no_spelling_of_a_private_address_is_called() {
    let receiver = fine();
    let (port, guarded) = (receiver.address().port(), client(Reach::Public));
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "100.64.0.1",
    ] {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}:{port}/");
            assert!(forbidden(post(&guarded, &url).await), "{url}");
        }
    }
    assert_eq!(receiver.every_call().len(), 0);
}

#[actix_web::test]
async fn a_name_that_leads_to_a_private_address_is_not_called() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let outcome = post(&client(Reach::Public), &format!("https://localhost:{port}/")).await;
    assert_eq!(outcome, Err(CallError::Forbidden("its name leads to a private address")));
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
}

#[actix_web::test]
async fn a_name_that_does_not_exist_may_exist_later() {
    let outcome = post(&client(Reach::Public), "https://nobody.invalid/").await.unwrap_err();
    assert!(matches!(outcome, CallError::Unreachable(_)) && outcome.is_temporary(), "{outcome}");
}

#[actix_web::test]
async fn private_addresses_are_called_where_the_operator_allows_it() {
    let receiver = fine();
    let (port, free) = (receiver.address().port(), client(Reach::Anywhere));
    for host in ["127.0.0.1", "localhost", "2130706433"] {
        assert_eq!(post(&free, &format!("http://{host}:{port}/hook?a=b")).await, Ok(204), "{host}");
    }
    let calls = receiver.every_call();
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert_eq!(
            (call.method.as_str(), call.path.as_str(), call.body.as_slice()),
            ("POST", "/hook?a=b", &b"{}"[..])
        );
    }
    for url in [format!("http://user:secret@127.0.0.1:{port}/"), format!("ftp://127.0.0.1:{port}/")] {
        assert!(forbidden(post(&free, &url).await), "{url}");
    }
}

#[actix_web::test]
async fn slow_receivers_are_in_the_way_of_no_other() {
    let (slow, quick) = (Receiver::start(Behaviour::Hang), fine());
    let free = client(Reach::Anywhere);
    let url = format!("http://{}/", slow.address());
    let calls: Vec<_> = (0..130)
        .map(|_| {
            let (free, url) = (free.clone(), url.clone());
            actix_web::rt::spawn(async move { post(&free, &url).await })
        })
        .collect();
    let waiting = || (slow.callers() >= 64).then_some(());
    until_async("the callers", Duration::from_secs(10), waiting).await;
    let started = std::time::Instant::now();
    assert_eq!(post(&free, &format!("http://{}/", quick.address())).await, Ok(204));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    calls.iter().for_each(actix_web::rt::task::JoinHandle::abort);
}

#[actix_web::test]
async fn a_redirect_is_told_and_not_followed() {
    let target = fine();
    let location = format!("http://{}/", target.address());
    let redirecting = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", redirecting.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = redirecting.accept().unwrap();
        read_request(&mut stream);
        let head = format!("HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
    });
    assert_eq!(post(&client(Reach::Anywhere), &url).await, Ok(307));
    serving.join().unwrap();
    assert_eq!(target.every_call().len(), 0);
}

#[actix_web::test]
async fn a_receiver_that_never_ends_holds_nobody_up() {
    let endless = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", endless.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = endless.accept().unwrap();
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat();
        while stream.write_all(&chunk).is_ok() {}
    });
    assert_eq!(post(&client(Reach::Anywhere), &url).await, Ok(200));
    // The connection was dropped with the answer: the receiver can't go on writing.
    serving.join().unwrap();
    let hanging = Receiver::start(Behaviour::Hang);
    let hasty = GuardedClient::new(Reach::Anywhere, Duration::from_millis(50));
    let outcome = post(&hasty, &format!("http://{}/", hanging.address())).await;
    assert_eq!(outcome, Err(CallError::TimedOut));
}
