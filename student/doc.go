// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package student trains small models that imitate a teacher, and serves them in the process: classifiers of texts, and
// extractors of objects.
//
// A student reads hashed n-grams of words and characters, weighs them by tf-idf and multiplies them with one matrix of
// 8-bit weights: the average of one-vs-rest support vector machines (dual coordinate descent) and a multinomial logistic
// regression. With effort [High] a small neural encoder is averaged in. Its probabilities are calibrated on
// cross-fitted scores, that is, on answers about texts that the answering model had not learned from.
//
//	training, err := student.Train(ctx, examples, student.Options{Task: "support"})
//	prediction := training.Student.Predict("where is my parcel?")
//
// An [Extractor] answers with an object that keeps to a [Schema]: fields that depend on the whole text (enums, lists of them,
// booleans) are classified as above; fields whose values lie in the text (strings copied from it, numbers and dates that it
// spells) are found by a tagger, a linear-chain conditional random field over hashed features of words, their neighbours, their
// shapes, and phrases that were values before. Each field and the whole object have calibrated scores, and each answer says
// how strange its text is.
//
//	schema, err := student.ParseSchema(jsonSchema)
//	training, err := student.TrainExtractor(ctx, *schema, examples, student.ExtractorOptions{Task: "orders"})
//	training.Extractor.Extract(&answer, "two large pizzas for Anna, please")
//
// Objects may lie in objects, and an answer may be one such value and no object.
//
// What is not learned: text that is written and not copied, lists of objects, relative
// dates such as tomorrow, numbers in words of other languages than English. [ParseSchema] and [TrainExtractor] say so.
//
// Training depends on the examples and the options alone: not on the number of goroutines, nor, with standard effort,
// on the machine. The file format is described in docs/student-format.md.
package student
