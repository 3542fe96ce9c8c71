// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect/internal/scan"
	"retort/model"
)

// all is what the readers of single values read.
type all struct {
	Text  string
	Flag  bool
	Maybe *bool
	Num   *float64
	Whole int64
	Count int
	Opt   *int
	Data  []byte
	Raw   json.RawMessage
	List  []string
	Inner *all
	Extra map[string]json.RawMessage
}

func (v *all) read(r *Reader) error {
	return r.Members(func(key string) error {
		switch key {
		case "text":
			return r.Str(&v.Text)
		case "flag":
			return r.Flag(&v.Flag)
		case "maybe":
			return r.OptFlag(&v.Maybe)
		case "num":
			return r.Number(&v.Num)
		case "whole":
			_, err := r.Whole(&v.Whole)
			return err
		case "count":
			_, err := r.Count(&v.Count, 1, 9)
			return err
		case "opt":
			return r.OptCount(&v.Opt, 0, 9)
		case "data":
			return r.Base64(&v.Data)
		case "raw":
			v.Raw = r.Copy()
			return nil
		case "list":
			return r.Elems(func(int) error {
				var s string
				err := r.Str(&s)
				v.List = append(v.List, s)
				return err
			})
		case "inner":
			v.Inner = &all{}
			var rest map[string]json.RawMessage
			err := r.Members(func(key string) error {
				if key == "text" {
					return r.Str(&v.Inner.Text)
				}
				return r.Keep(&rest, key)
			})
			return r.Leftover(&v.Extra, "inner", rest, err)
		}
		return r.Keep(&v.Extra, key)
	})
}

func read(body string) (*all, error) {
	r := New([]byte(body))
	r.Extras = true
	v := &all{}
	if err := r.Done(v.read(&r)); err != nil {
		return nil, Refused(err)
	}
	return v, nil
}

func TestReads(t *testing.T) {
	yes, num, two := true, 1.5, 2
	got, err := read(`{"text":"é\n","flag":true,"maybe":true,"num":1.5,"whole":1e3,"count":9,"opt":2,"data":"AQI=","raw":{"a": 1},
		"list":["a",null,"b"],"inner":{"text":"x","own":[1]},"own": {"b":2}, "model":null}`)
	want := &all{Text: "é\n", Flag: true, Maybe: &yes, Num: &num, Whole: 1000, Count: 9, Opt: &two, Data: []byte{1, 2}, Raw: json.RawMessage(`{"a": 1}`),
		List: []string{"a", "", "b"}, Inner: &all{Text: "x"},
		Extra: map[string]json.RawMessage{"inner": json.RawMessage(`{"own":[1]}`), "own": json.RawMessage(`{"b":2}`), "model": json.RawMessage("null")}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	got, err = read(`{"text":null,"flag":null,"maybe":null,"num":null,"whole":null,"count":null,"opt":null,"raw":null}`)
	if d := cmp.Diff(&all{}, got); err != nil || d != "" {
		t.Errorf("nulls are not said: %v\n%s", err, d)
	}
}

func TestReaderKeepsNothingUnasked(t *testing.T) {
	r, v := New([]byte(`{"own":{"a":[1]},"text":"x","inner":{"own":1}}`)), &all{}
	if err := r.Done(v.read(&r)); err != nil || v.Extra != nil || v.Text != "x" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestReaderNamesTheField(t *testing.T) {
	for body, want := range map[string]string{
		`{"text":5}`:                          "text: must be a string",
		`{"flag":"x"}`:                        "flag: must be true or false",
		`{"maybe":0}`:                         "maybe: must be true or false",
		`{"num":"1"}`:                         "num: must be a number",
		`{"whole":1.5}`:                       "whole: must be a whole number",
		`{"whole":"1"}`:                       "whole: must be a whole number",
		`{"whole":1e99}`:                      "whole: must be a whole number",
		`{"count":0}`:                         "count: must be between 1 and 9",
		`{"opt":10}`:                          "opt: must be between 0 and 9",
		`{"data":""}`:                         "data: is missing its data",
		`{"data":"A"}`:                        "data: is not valid base64",
		`{"list":{}}`:                         "list: must be an array",
		`{"list":["a",5]}`:                    "list[1]: must be a string",
		`{"inner":[]}`:                        "inner: must be an object",
		`{"inner":{"text":1}}`:                "inner.text: must be a string",
		`{"text":"a","text":`:                 "not JSON",
		`{"text":5,"own":{"a":}}`:             "text: must be a string",
		`{"text":"a"} x`:                      "not JSON",
		`{"own":` + strings.Repeat("[", 5000): "not JSON",
	} {
		_, err := read(body)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want one of kind Invalid that says %q", body, err, want)
		}
		if field, _, named := strings.Cut(want, ": "); named && e != nil && e.Field != field {
			t.Errorf("%.40s: field %q", body, e.Field)
		}
	}
}

func TestNotObject(t *testing.T) {
	for body, want := range map[string]string{"": "empty", "  ": "empty", "[]": "not an object", "7": "not an object", "[": "not JSON", "x": "not JSON"} {
		c := scan.New([]byte(body))
		if err := NotObject(&c, []byte(body)); err == nil || model.KindOf(err) != model.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
	if Syntax(nil) != nil {
		t.Error("no fault is none")
	}
}
