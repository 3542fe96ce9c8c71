// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package wheel is the loop of one task: it decides what is asked of the teacher, when a student is trained and on what,
// whether the new one serves, and when one is taken out.
//
// It does no input or output and has no clock: requests are its time. The same calls in the same order with the same seed have
// the same results. Who serves asks it about each request and tells it what came of it; who trains asks it what is due:
//
//	w, err := wheel.New(wheel.Options{Goal: goal})
//
//	t := w.Ask()                       // before anything looks at the request
//	said := t.Serving.Student.Notice…  // if there is a version that serves
//	d := t.Decide(said)                // is that the answer? is the teacher asked?
//	w.Tell(t, wheel.Outcome{…})        // once everything is known
//
//	if why := w.Due(); why != "" {     // in the background
//		candidate, err := wheel.Learn(ctx, w.Lesson(why), student.Options{…})
//		verdict := w.Offer(candidate)
//	}
//
// # Which labels may judge
//
// Whether a request is audited is drawn before anything looks at it, with a chance that depends on the past alone. So the
// labels of audited requests, and of all requests while no student answers, are draws from the traffic: they are fair, and
// only they calibrate and certify. What a student left to the teacher is the hard part of the stream, and what was asked
// because an answer of its class was suspicious was picked: these labels train and do not judge.
//
// # Stages
//
// A candidate whose certificate speaks and that is shown to be no worse than the champion on the same fair labels becomes a canary:
// it answers a share of the requests, drawn by chance, that grows with each answer that is known to agree, and falls with each
// that does not. It becomes the champion by a sequential probability ratio test on its own answers, or ends by it. A candidate of which it cannot
// be shown yet that it is no worse is a challenger: it answers nothing, but what it would have said is compared on further fair labels. The first
// student has no champion to be compared with: its certificate is its gate, and its share grows by the test alone.
//
// # Watching
//
// Four tests run for as long as a student answers. Each is a detector with control of its false alarms (package anytime):
//
//   - service: fair labels of given answers, against the goal. Its evidence is about whatever answers, so it is carried
//     from version to version. An alarm takes the student out before the next request is asked about.
//   - class: for each answer of a student that has a label, what that says of it, against how sure the student was and how good the
//     class was so far. An alarm takes the class out alone; several at once take the student out.
//   - input: the scores of all requests, as ranks among those before, which no label is needed for: a conformal
//     martingale. An alarm, or the first requests that are none of the task, has a student trained, more audited, and asks for more
//     than the goal until enough new fair labels are there; then another is trained for the goal alone.
//   - unrest: all labels against how sure the student was. It is quick and not exact, since what is deferred is no fair
//     sample, so it never takes anything out: it has more requests audited, for as long as the budget lasts.
//
// After an alarm the labels from before the change judge no more, and those of the classes whose meaning changed, as the labels
// since then show, are dropped.
//
// Sources: A. Ramdas, P. Grünwald, V. Vovk, G. Shafer, "Game-theoretic statistics and safe anytime-valid inference" (2023);
// J. Shin, A. Ramdas, A. Rinaldo, "E-detectors" (2024); V. Vovk, I. Petej, I. Nouretdinov, E. Ahlberg, L. Carlsson, A.
// Gammerman, "Retrain or not retrain: conformal test martingales for change-point detection" (2021), for ranks; V. Fedorova,
// A. Gammerman, I. Nouretdinov, V. Vovk, "Plug-in martingales for testing exchangeability on-line" (2012), for the bets; A. Wald, "Sequential tests of statistical
// hypotheses" (1945), for canaries.
package wheel
