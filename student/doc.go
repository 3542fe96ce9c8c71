// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package student trains small text classifiers that imitate a teacher, and serves them in the process.
//
// A student reads hashed n-grams of words and characters, weighs them by tf-idf and multiplies them with one matrix of
// 8-bit weights: the average of one-vs-rest support vector machines (dual coordinate descent) and a multinomial logistic
// regression. With effort [High] a small neural encoder is averaged in. Its probabilities are calibrated on
// cross-fitted scores, that is, on answers about texts that the answering model had not learned from.
//
//	training, err := student.Train(ctx, examples, student.Options{Task: "support"})
//	prediction := training.Student.Predict("where is my parcel?")
//
// Training depends on the examples and the options alone: not on the number of goroutines, nor, with standard effort,
// on the machine. The file format is described in docs/student-format.md.
package student
