//! Who gets a message: topic trie, shared subscriptions, retained look-up.
