// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package private finds personal data and secrets in texts, such as e-mail addresses, telephone numbers, payment cards,
// bank accounts, IP addresses, national identity numbers, keys and tokens of known formats, and passwords and other secrets
// that the text itself calls so.
//
// [Find] reads a text once. Most bytes cost one look in a table; what may begin something, such as a digit, an @ or a colon, is
// looked at more closely. What has a check digit must pass it. Where a format is weak, so that order numbers have it as well, a
// word of the sentence must say what the number is; words such as "order" or "invoice" say that it is something else. There are no
// regular expressions, and no list of first names: names, postal addresses and dates of birth are not found.
//
// What is found is listed in kind.go. Ranges for documentation, such as 192.0.2.0/24 or +1 202 555 01xx, are found like others,
// and so are keys that are obviously made up, unless they are a placeholder already (xxxx, <token>, ${TOKEN}).
package private
