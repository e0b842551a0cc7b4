//! What the settings of a Redis promise, told to the operator at the start.
//!
//! Whether a message survives a power cut is decided by Redis, not by us: by how often it writes its file to the
//! disk. And a Redis that is full may remove whole groups to make room. An operator who sees neither finds out
//! when it is too late.
//!
//! Used by `log/redis`. Next: `log/redis/parsed`.

use std::io;

use super::connection::Connection;
use super::resp::Item;
use super::scripts;

/// Checks what would be noticed late: whether this user may notify others, and be notified.
///
/// # Errors
///
/// The connection has failed, or Redis does not permit it.
pub(super) async fn permissions(connection: &mut Connection, database: u32) -> io::Result<()> {
    // A server that watches the group with the empty name finds no message in this notification.
    let channel = scripts::channel(database, "");
    connection.call(&[b"PUBLISH", &channel, b""]).await?;
    connection.call(&[b"SUBSCRIBE", &channel]).await?;
    connection.call(&[b"UNSUBSCRIBE", &channel]).await?;
    Ok(())
}

/// Returns what the operator should know.
///
/// # Errors
///
/// The connection has failed. It is no error if Redis does not tell its settings.
pub(super) async fn promises(connection: &mut Connection) -> io::Result<Vec<String>> {
    let (only, fsync) = (setting(connection, "appendonly").await?, setting(connection, "appendfsync").await?);
    let survives = match (only.as_deref(), fsync.as_deref()) {
        (None, _) | (_, None) => "its settings cannot be read, so what survives a power cut is unknown",
        (Some("yes"), Some("always")) => {
            "appendfsync always: every message that was delivered survives a power cut"
        }
        (Some("yes"), Some("everysec")) => {
            "appendfsync everysec: a power cut may take the last second or two of messages"
        }
        (Some("yes"), Some(_)) => {
            "appendfsync no: a power cut may take what the system has not written yet, half a minute of messages"
        }
        _ => "appendonly no: what was posted since its last snapshot is lost if Redis is killed",
    };
    let mut notes = vec![survives.to_owned()];
    let (most, policy) =
        (setting(connection, "maxmemory").await?, setting(connection, "maxmemory-policy").await?);
    if let (Some(most), Some(policy)) = (most, policy)
        && most != "0"
        && policy.starts_with("allkeys")
    {
        notes.push(format!(
            "warning: maxmemory-policy is {policy}: when it is full, Redis removes whole groups with their history; \
             noeviction is safe"
        ));
    }
    Ok(notes)
}

/// Returns a setting; `None` if Redis does not tell it.
async fn setting(connection: &mut Connection, name: &str) -> io::Result<Option<String>> {
    match connection.call(&[b"CONFIG", b"GET", name.as_bytes()]).await {
        Ok(items) => Ok(match &items[..] {
            [_, Item::Text(value)] => Some(String::from_utf8_lossy(value).into_owned()),
            _ => None,
        }),
        // The command has failed, not the connection.
        Err(error) if error.kind() == io::ErrorKind::Other => Ok(None),
        Err(error) => Err(error),
    }
}
