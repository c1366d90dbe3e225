//! Limits that processes share, and what is left of them without Redis.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use oc::config::{GuessLimits, Limits as Settings, Secret};
use oc::domain::ids::TenantId;
use oc::platform::limits::{Guess, Limits, Way};

use super::{Hand, limits};
use crate::support::redis::Redis;
use crate::support::waiting::until_async;

fn settings(redis: &Redis) -> Settings {
    let guesses =
        GuessLimits { per_code: 3, per_address: 20, per_address_day: 100, per_tenant: 60, per_instance: 600 };
    Settings {
        tenant_per_minute: 60,
        address_per_minute: 30,
        guesses,
        redis_url: Some(Secret::new(redis.url())),
    }
}

/// Limits of one more process, as soon as it shares them. Its own clock stands still:
/// what it counts by itself never comes back, however slow the machine is.
async fn process(redis: &Redis) -> Limits {
    let limits = limits(&settings(redis), Hand::default().clock());
    wait_until_shared(&limits, true).await;
    limits
}

async fn wait_until_shared(limits: &Limits, shared: bool) {
    let patience = Duration::from_secs(20);
    until_async("Redis", patience, || (limits.are_shared() == shared).then_some(())).await;
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// How many of `count` requests pass.
async fn passed(limits: &Limits, name: &str, count: usize) -> usize {
    let mut passed = 0;
    for _ in 0..count {
        let standing = limits.take_of_tenant(&tenant(name), "GET /api/documents").await.unwrap();
        passed += usize::from(standing.found.wait.is_zero());
    }
    passed
}

#[actix_web::test]
async fn processes_share_one_budget_and_its_keys_hold_no_address_and_no_code() {
    // On a machine that is too busy to answer in time, processes count for themselves
    // for a moment; then this tells nothing and is done anew.
    for _ in 0..10 {
        let Some(redis) = Redis::start() else { return };
        let (one, two) = (process(&redis).await, process(&redis).await);
        let begun = Instant::now();
        let together = passed(&one, "a", 40).await + passed(&two, "a", 40).await;
        let came_back = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
        let address: IpAddr = "192.0.2.77".parse().unwrap();
        let guess = Guess { code: "K7QM4", address, way: Way::Code };
        for _ in 0..3 {
            let _ = one.guesses().take(&guess).await;
        }
        let other_knows = two.guesses().take(&guess).await.is_err();
        one.guesses().note_right(&guess, None).await;
        let forgotten = two.guesses().take(&guess).await.is_ok();
        for _ in 0..9 {
            let _ = one.guesses().take(&guess).await;
            one.guesses().give_back(&guess).await;
        }
        let unseen = two.guesses().take(&guess).await.is_ok();
        let _ = one.guesses().take_of_tenant(&tenant("a")).await;
        one.take_of_address(address).await.unwrap();
        if !one.are_shared() || !two.are_shared() {
            continue;
        }
        // One comes back each second of Redis.
        assert!((60..=60 + came_back).contains(&together), "{together} and {came_back}");
        assert!(other_knows && forgotten && unseen, "what one counted, the other knows");
        let keys = redis.keys();
        assert!(keys.contains(&"rate:a:GET /api/documents".to_owned()), "{keys:?}");
        assert!(keys.iter().any(|key| key.starts_with("rate:ip:")), "{keys:?}");
        assert!(keys.iter().all(|key| !key.contains("192.0.2") && !key.contains("K7QM4")), "{keys:?}");
        return;
    }
    panic!("Redis never answered in time");
}

#[actix_web::test]
async fn with_redis_killed_under_load_each_process_limits_by_itself() {
    let Some(mut redis) = Redis::start() else { return };
    let (one, two) = (process(&redis).await, process(&redis).await);
    let mut together = 0;
    for round in 0..400 {
        if round == 20 {
            redis.kill();
        }
        for limits in [&one, &two] {
            together += passed(limits, "a", 1).await;
        }
    }
    // Never unlimited: each process has its own budget, and it used all of it.
    assert_eq!(together, 2 * 60);
    wait_until_shared(&one, false).await;

    // Wrong guesses stay counted, and go on being counted.
    let guess = Guess { code: "K7QM4", address: "192.0.2.77".parse().unwrap(), way: Way::Code };
    for _ in 0..3 {
        assert!(one.guesses().take(&guess).await.is_ok());
    }
    assert!(one.guesses().take(&guess).await.is_err());

    redis.start_again();
    wait_until_shared(&one, true).await;
    assert!(one.guesses().take(&guess).await.is_err(), "an empty Redis frees nobody who waits here");
}

#[actix_web::test]
async fn a_redis_that_stands_still_holds_up_one_request_for_a_moment() {
    let Some(redis) = Redis::start() else { return };
    let limits = process(&redis).await;
    redis.freeze(true);
    assert_eq!(passed(&limits, "a", 1).await, 1);
    assert!(!limits.are_shared(), "nobody else waits for it");
    assert_eq!(passed(&limits, "a", 100).await, 59, "the process limits by itself");
    redis.freeze(false);
    wait_until_shared(&limits, true).await;
}

#[actix_web::test]
async fn what_is_given_back_or_has_to_wait_is_there_for_all_processes() {
    for _ in 0..10 {
        let Some(redis) = Redis::start() else { return };
        let (one, two) = (process(&redis).await, process(&redis).await);
        let address: IpAddr = "192.0.2.78".parse().unwrap();
        let mut made = Vec::new();
        for i in 0..60 {
            let code = format!("code {i}");
            let guess = Guess { code: &code, address, way: Way::Code };
            let limits = if i % 2 == 0 { &one } else { &two };
            made.push(limits.guesses().take(&guess).await.is_ok());
            if i < 10 {
                limits.guesses().note_right(&guess, None).await;
            }
        }
        if one.are_shared() && two.are_shared() {
            // Twenty wrong ones in ten minutes; one comes back in 30 seconds of Redis.
            let passed = made.iter().filter(|made| **made).count();
            assert!((30..=32).contains(&passed), "{passed}");
            return;
        }
    }
    panic!("Redis never answered in time");
}
