// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"retort/internal/shareddata"
	"retort/student"
)

// banking returns Banking77's official split (Casanueva, Temčinas, Gerz, Henderson, Vulić, "Efficient intent detection with
// dual sentence encoders", 2020).
func banking() (train, test []student.Example, err error) {
	for name, part := range map[string]*[]student.Example{"train": &train, "test": &test} {
		_, rows, err := shareddata.ReadCSV("banking77/" + name + ".csv")
		if err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			*part = append(*part, student.Example{Text: row[0], Label: row[1]})
		}
	}
	return train, test, nil
}

// clinc returns CLINC150's official split without what is out of scope (Larson and others, "An evaluation dataset for
// intent classification and out-of-scope prediction", EMNLP 2019).
func clinc() (train, test []student.Example, err error) {
	_, rows, err := shareddata.ReadCSV("clinc150/data_full.csv")
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		e := student.Example{Text: row[1], Label: row[2]}
		switch row[0] {
		case "train":
			train = append(train, e)
		case "test":
			test = append(test, e)
		}
	}
	return train, test, nil
}

// accuracy is the share of the examples whose label the student gives.
func accuracy(s *student.Student, examples []student.Example) float64 {
	right := 0
	for _, e := range examples {
		if s.Predict(e.Text).Label == e.Label {
			right++
		}
	}
	return float64(right) / float64(len(examples))
}

// size is the number of bytes of a student's file.
func size(s *student.Student) (int, error) {
	file, err := s.Encode()
	return len(file), err
}
