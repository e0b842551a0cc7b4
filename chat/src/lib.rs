//! A chat server and client.
