//! Conductors that must not serve one database together.

use assay_sim::Hardware;

use crate::pair::Pair;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_with_the_same_host_name_is_refused_and_a_killed_one_is_followed_at_once() {
    let own = [("OS_DEFAULT__HOST", "same")];
    let mut pair = Pair::new(Hardware::default(), [&own, &own]).await.unwrap();
    pair.start(0, &[]).await.unwrap();
    let refused = pair.start(1, &[]).await.unwrap_err().to_string();
    assert!(refused.contains("Another Assay process with host name same serves this database"), "{refused}");
    pair.kill(0).await.unwrap();
    pair.start(1, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conductor_with_another_key_is_refused() {
    let mut pair = Pair::new(Hardware::default(), [&[], &[]]).await.unwrap();
    pair.start(0, &[]).await.unwrap();
    let key = pair.members[1].installation.path("another-key").display().to_string();
    let lost = pair.start(1, &[("OS_ASSAY__KEY_FILE", &key)]).await.unwrap_err().to_string();
    assert!(lost.contains("copy it from another conductor"), "{lost}");
    std::fs::write(&key, [7; 32]).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, mode).unwrap();
    let wrong = pair.start(1, &[("OS_ASSAY__KEY_FILE", &key)]).await.unwrap_err().to_string();
    assert!(wrong.contains("is not the one that this database was made with"), "{wrong}");
}
