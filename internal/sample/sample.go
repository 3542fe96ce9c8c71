// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package sample holds the recording that quickstart runs on: messages to the support desk of a shop for home
// electronics, each with the intent that the recorded teacher answered, its latency and its token counts. All of it,
// the figures included, was written for this project; README.md in this folder says how. The file is in the format of
// package provider/replay, so a configuration can name a copy of it as a provider.
package sample

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"retort/model"
)

//go:embed support.jsonl
var recording []byte

// Task is the name under which the sample's task is configured.
const Task = "support"

// Instructions is what the recorded teacher was told, besides the list of labels.
const Instructions = `You sort messages to the support desk of an online shop for home electronics and kitchen appliances.
Choose the intent that an agent should deal with first.
order_status: where an order is, tracking, a late or missing delivery.
change_order: change an order already placed: address, item, colour, quantity, delivery slot.
cancel_order: cancel an order or a part of it.
return_item: send back or exchange something that is not wanted or does not suit.
refund_status: where the money for a return or a cancellation is.
damaged_item: something arrived broken, is defective or stopped working.
wrong_item: the wrong article came, or something is missing from the parcel.
payment_problem: a payment fails, or was taken twice or in the wrong amount.
invoice_request: an invoice, receipt or tax details, or a correction of one.
discount_code: vouchers, promotion codes, gift cards, price matching.
account_access: login, password, codes, locked accounts, changing or deleting an account.
product_question: features, compatibility, availability, advice, use and care.
other: none of these.`

// Labels returns the intents in the order of the instructions, "other" last. The slice is the caller's.
func Labels() []string {
	return []string{
		"order_status", "change_order", "cancel_order", "return_item", "refund_status", "damaged_item", "wrong_item",
		"payment_problem", "invoice_request", "discount_code", "account_access", "product_question", "other",
	}
}

// Message is one line of the recording.
type Message struct {
	Input   string      // what the customer wrote
	Answer  string      // the teacher's label, one of Labels
	Usage   model.Usage // of the recorded call; its input is the whole prompt: instructions, labels and message
	Latency time.Duration
}

// Recording returns the file as package provider/replay reads it: one JSON object a line. The slice is the caller's.
func Recording() []byte { return slices.Clone(recording) }

// Messages returns the recording in its order, which is shuffled so that the intents are spread evenly over every
// stretch of it. The error is for a build whose embedded file was damaged, and names the line.
func Messages() ([]Message, error) {
	var messages []Message
	lines := bufio.NewScanner(bytes.NewReader(recording))
	for n := 1; lines.Scan(); n++ {
		var line struct {
			Input     string      `json:"input"`
			Answer    string      `json:"answer"`
			Usage     model.Usage `json:"usage"`
			LatencyMS int64       `json:"latency_ms"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("read the built-in sample, line %d: %w", n, err)
		}
		messages = append(messages, Message{
			Input: line.Input, Answer: line.Answer, Usage: line.Usage, Latency: time.Duration(line.LatencyMS) * time.Millisecond,
		})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the built-in sample: %w", err)
	}
	return messages, nil
}
