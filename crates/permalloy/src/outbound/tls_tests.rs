//! The client over TLS: which certificates it trusts, and which version of HTTP it speaks. Certificates are made
//! by the tests themselves (RFC 5280, in just enough DER).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use hyper::Response as Answer;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::*;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// One value, its length in the shortest form.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head: &[u8] = match (high, low) {
        (0, 0..0x80) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        (_, _) => &[tag, 0x82, high, low],
    };
    [head, &content].concat()
}

/// A certificate for `localhost` and 127.0.0.1 that vouches for itself, and its key.
fn certificate() -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let algorithm = der(SEQUENCE, &[&der(OBJECT, &[ECDSA_WITH_SHA256])]);
    let attribute = der(SEQUENCE, &[&der(OBJECT, &[COMMON_NAME]), &der(UTF8_STRING, &[b"permalloy test"])]);
    let name = der(SEQUENCE, &[&der(SET, &[&attribute])]);
    let time = |text: &[u8]| der(UTC_TIME, &[text]);
    let curve = der(SEQUENCE, &[&der(OBJECT, &[EC_PUBLIC_KEY]), &der(OBJECT, &[PRIME256V1])]);
    let names = der(SEQUENCE, &[&der(DNS_NAME, &[b"localhost"]), &der(IP_ADDRESS, &[&[127, 0, 0, 1]])]);
    let extension = der(SEQUENCE, &[&der(OBJECT, &[SUBJECT_ALT_NAME]), &der(OCTET_STRING, &[&names])]);
    let body = der(
        SEQUENCE,
        &[
            &der(VERSION, &[&[INTEGER, 1, 2]]),
            &[INTEGER, 1, 1],
            &algorithm,
            &name,
            &der(SEQUENCE, &[&time(b"200101000000Z"), &time(b"491231235959Z")]),
            &name,
            &der(SEQUENCE, &[&curve, &der(BIT_STRING, &[&[0], key.public_key().as_ref()])]),
            &der(EXTENSIONS, &[&der(SEQUENCE, &[&extension])]),
        ],
    );
    let signature = key.sign(&SystemRandom::new(), &body).unwrap();
    let whole = der(SEQUENCE, &[&body, &algorithm, &der(BIT_STRING, &[&[0], signature.as_ref()])]);
    let key = key.to_pkcs8v1().unwrap().as_ref().to_vec();
    (CertificateDer::from(whole), PrivatePkcs8KeyDer::from(key))
}

/// Answers every request with the version of HTTP it came in.
async fn serve(alpn: &[&[u8]]) -> (SocketAddr, CertificateDer<'static>, JoinSet<()>) {
    let (certificate, key) = certificate();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(|request: Request<Incoming>| async move {
                    let text = format!("{:?} {:?}", request.version(), request.uri().authority().is_some());
                    Ok::<_, Infallible>(Answer::new(Full::new(Bytes::from(text))))
                });
                let server = auto::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    (address, certificate, tasks)
}

fn client(extra_roots: Vec<CertificateDer<'static>>) -> Outbound {
    let config = config::outbound::Outbound {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        extra_roots,
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_mins(1),
        max_response_bytes: 64 * 1024,
        calls_per_host: 8,
    };
    Outbound::seeded(&config, 7).unwrap()
}

fn call(host: &str, address: SocketAddr) -> Call {
    Call::new(Method::GET, format!("https://{host}:{}/", address.port()).parse().unwrap())
}

#[tokio::test]
async fn http_2_is_spoken_where_both_can_and_http_1_otherwise() {
    let cases: [(&[&[u8]], &str); 3] =
        [(&[b"h2", b"http/1.1"], "HTTP/2.0"), (&[b"http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")];
    for (alpn, version) in cases {
        let (address, certificate, _tasks) = serve(alpn).await;
        let outbound = client(vec![certificate]);
        for host in ["localhost", "127.0.0.1"] {
            let answer = outbound.send(call(host, address)).await.unwrap();
            assert!(answer.body.starts_with(version.as_bytes()), "{:?}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_unknown_certificate_or_a_wrong_name_is_refused_before_anything_is_sent() {
    let (address, certificate, _tasks) = serve(&[b"http/1.1"]).await;
    let failure = client(Vec::new()).send(call("localhost", address)).await.map(|answer| answer.status);
    assert_eq!(failure, Err(Failure { kind: Kind::Tls, attempts: 1, reached: false }));
    let failure = client(vec![certificate]).send(call("127.1", address)).await.map(|answer| answer.status);
    assert_eq!(failure, Err(Failure { kind: Kind::Tls, attempts: 1, reached: false }));
}
