//! Databases of earlier schemas, as they were stored then, are brought up to date, and nothing in them is lost.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use assay_store::{Store, StoreError, conductors, nodes, ports, runs};

use crate::fixture::{PASSWORD, Place, insert_node, node, node_id, port, run, time};

/// A database of each schema before this one, with a node whose inspection waits.
const STORED: [&str; 4] = [
    include_str!("../data/schema-1.sql"),
    include_str!("../data/schema-2.sql"),
    include_str!("../data/schema-3.sql"),
    include_str!("../data/schema-4.sql"),
];
/// The key that they were sealed with.
const KEY: [u8; 32] = [7; 32];

#[tokio::test]
async fn every_earlier_schema_is_upgraded_with_all_that_is_in_it() {
    for (schema, stored) in (1..).zip(STORED) {
        let place = Place::new().await;
        place.execute(stored).await;
        fs::write(place.key(), KEY).unwrap();
        fs::set_permissions(place.key(), fs::Permissions::from_mode(0o600)).unwrap();
        let refused = place.open().await.unwrap_err();
        assert!(matches!(refused, StoreError::Older { found, .. } if found == schema), "{refused}");

        drop(Store::upgrade(&place.database, &place.key()).await.unwrap());
        let store = place.open().await.unwrap();
        let kept = nodes::find(&store.read(), "kept").await.unwrap();
        assert_eq!(kept.node.secrets["redfish_password"].reveal(), PASSWORD, "schema {schema}");
        assert_eq!((kept.version, kept.lease_epoch), (5, 3));
        assert_eq!(runs::open_of_node(&store.read(), kept.node.id).await.unwrap().unwrap().version, 4);
        assert_eq!(runs::due(&store.read(), "", time(1_790_001_800), 10).await.unwrap().len(), 1);
        assert_eq!(conductors::list(&store.read(), Duration::MAX).await.unwrap().len(), 1);
        insert_node(&store, node(8)).await;
        let more = store.write(|tx| {
            Box::pin(async move {
                ports::insert(tx, &port(9, node_id(8), "52:54:00:00:00:09")).await?;
                runs::insert(tx, &run(9, node_id(8)), runs::Kept::default()).await
            })
        });
        more.await.unwrap();
    }
}
