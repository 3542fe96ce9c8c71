// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

/*
Package retort is the root of Retort, a gateway that mixes and matches AI models behind one endpoint and distils its own
small ones from them. This comment is a tour of the code, from the bottom up; docs/architecture.md tells the same story
along the path of a request.

# One idea

Everything that answers is a [retort/model.Model]: one method that takes a Request, emits Parts as they come and returns
the Response. A vendor's API, a recording, a blend of models, a student and a whole task are Models, so that whatever
works on one works on all. Package model imports the standard library only; it also holds what travels along: Trail,
which collects the attempts behind an answer, and Trace, the record of it. Package [retort/model/modeltest] proves the
contract for any implementation, cold and warm, and has the fakes that tests use.

# Models of models

Package [retort/compose] has one blend or wrapper per file: Fallback, Cascade, Cache, Limit, Record. They know no
provider, only Models. What a route chooses by is below router: [retort/router/rule] compiles conditions over the facts of
a request, [retort/router/language] tells in which language a text is written, and [retort/router/live] chooses by a router, by
what feedback says since, and by what leaving a conversation's model costs. Package [retort/tune] fits the weights of blends on
recorded outcomes.

# The wire

Package [retort/dialect] says what a wire format is to Retort: a server side and a client side, each mapping to and from
model, and a table of what it can say. [retort/dialect/openai] speaks Chat Completions, [retort/dialect/responses],
[retort/dialect/anthropic], [retort/dialect/gemini] and [retort/dialect/ollama] what they are called after, all on both
sides; [retort/dialect/bedrock] speaks Amazon's Converse to upstreams. Same dialect in and out: the body goes through
unchanged but for the model's name, and stream events as they came. Dialects never import each other: N + M mappings,
never N × M. What they share is below dialect/internal: JSON that is read in one pass (scan, object), edits in place
(splice), errors and ends of answers (reply, oaierror), schemas cut to what a vendor takes (schema), tools that a vendor
knows as plain functions or refuses to call by their names (called); [retort/dialect/sse] frames streams.
[retort/dialect/all] lists them, and [retort/dialect/dialecttest] holds each against its table and against the others.

Package [retort/provider] asks upstreams: connections, timeouts, retries that obey Retry-After, a circuit breaker.
[retort/provider/preset] knows vendors and servers by name, [retort/provider/auth] signs requests to clouds, and
[retort/provider/account] makes a provider's client of both. [retort/provider/replay] answers from a recording instead.

# Tasks and students

Package [retort/task] holds contracts: instructions, labels, how a prompt is built and an answer read. It makes any
language model a teacher and any student a Model that answers the same requests.

Package [retort/student] trains and serves native students: n-grams, tf-idf, linear models averaged into one matrix of
8-bit weights, calibrated; under it lie text (features), linear (training), kernel (the inner loops, in assembly where
the machine has it) and encoder (the small neural model of high effort). docs/student-format.md describes the file. A
Scorer is a student without labels: it predicts numbers about a text. Package [retort/router] makes of it who is best at a
request, and what that costs. An Extractor answers with objects: the same classifiers and a tagger under one JSON Schema;
value reads the numbers and dates that a span spells.

Package [retort/student/recall] remembers texts with their labels, and votes.

Package [retort/eval] measures: accuracy, macro-F1, confusions, calibration, all with intervals; and compares models and
blends on the same items: differences, win rates, the frontier of quality and cost, regret to the oracle.
[retort/eval/consensus] weighs the votes of several answerers by how reliable each is at each class.
[retort/eval/binomial] has exact bounds of a share, [retort/eval/anytime] the statistics for what is watched while it
runs, and [retort/eval/experiment] says with them when it is safe to stop comparing the arms of a split.
[retort/eval/certify] decides from which score on a student may answer, and with which of three words: certified,
provisional, silent. [retort/eval/judge] tells good answers from bad ones, for the blends that decide by that: log-probabilities,
agreement, programs, judge models, and a verifier that learns.
Package [retort/dataset] reads examples from files, cleans and splits them.

Package [retort/distill] puts these together: clean, train, certify, measure, in stages that can be recorded. Package
[retort/flow] records them: work in steps that goes on, in another process if need be, after a kill.

# The house

All else is internal. capture writes every trace to an append-only log before the client sees the end of its answer;
store keeps what must be found again, in SQLite; config reads the one strict YAML file; server is the HTTP surface;
discover finds keys and local servers for retort init; report writes the HTML page; sample holds the messages that
quickstart runs on; similar remembers a teacher's answers by tenant and knows when they may be given again.

Three say what a configuration is made into. origin reads off it what stands behind a name: upstreams, their names in
answers, terms, prices. desk answers a task with its teacher, its champion or whatever wheel decides. plant builds the models,
blends and desks, and hands them out by name. None knows the store, which champion and tuning is in use, or a run.

Package app wires all of it and is alone in knowing everything; quickstart turns the wheel once; cli reads arguments and
prints; cmd/retort calls it. Imports point down only, which internal/repotest checks along with the other rules of the
house.
*/
package retort
