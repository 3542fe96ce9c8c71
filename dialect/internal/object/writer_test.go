// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import (
	"encoding/json"
	"math"
	"testing"

	"retort/model"
)

func TestWrites(t *testing.T) {
	w := &Writer{}
	half, five, not := 0.5, 5, (*float64)(nil)
	top := w.Open()
	w.Text("text", "é\n\"")
	w.TextIf("none", "")
	w.TextIf("some", "x")
	w.Whole("whole", math.MinInt64)
	w.Boolean("flag", false)
	w.Null("null")
	w.Number("half", &half)
	w.Number("not", not)
	w.Count("five", &five)
	w.Count("nothing", nil)
	w.Array("list")
	for range 2 {
		w.Elem()
		inner := w.Open()
		w.Text("own", "mine")
		w.Extra(map[string]json.RawMessage{"own": json.RawMessage("1"), "text": json.RawMessage("2")})
		w.Close(inner)
	}
	w.EndArray()
	w.Key("strings")
	w.Strings([]string{"a", ""})
	w.Key("data")
	w.Base64([]byte{1, 2})
	w.Key("url")
	w.DataURL("image/png", []byte{3})
	w.Raw("raw", json.RawMessage(`{"a": [1]}`))
	w.Members(json.RawMessage(`{"z":1,"text":"again","m":2}`))
	w.Members(json.RawMessage(`7`))
	w.Extra(map[string]json.RawMessage{"b": json.RawMessage("1"), "a": json.RawMessage("null"), "url": json.RawMessage("1")})
	w.Close(top)
	const want = `{"text":"é\n\"","some":"x","whole":-9223372036854775808,"flag":false,"null":null,"half":0.5,"five":5,` +
		`"list":[{"own":"mine","text":2},{"own":"mine","text":2}],"strings":["a",""],"data":"AQI=","url":"data:image/png;base64,Aw==",` +
		`"raw":{"a": [1]},"m":2,"z":1,"a":null,"b":1}`
	if string(w.B) != want || w.Err != nil || !json.Valid(w.B) {
		t.Errorf("got  %s\nwant %s\n%v", w.B, want, w.Err)
	}
}

func TestForeignFieldsAreLeftOut(t *testing.T) {
	w := &Writer{Foreign: true}
	mark := w.Open()
	w.Extra(map[string]json.RawMessage{"a": json.RawMessage("1")})
	w.Members(json.RawMessage(`{"b":1}`))
	w.Sorted(map[string]json.RawMessage{"c": json.RawMessage("1")})
	w.Close(mark)
	if string(w.B) != `{"c":1}` {
		t.Errorf("got %s", w.B)
	}
}

func TestWriterRefuses(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for field, write := range map[string]func(*Writer){
		"inf":   func(w *Writer) { w.Number("inf", &inf) },
		"nan":   func(w *Writer) { w.Number("nan", &nan) },
		"empty": func(w *Writer) { w.Raw("empty", nil) },
		"more":  func(w *Writer) { w.Raw("more", json.RawMessage(`1,"model":"x"`)) },
		"cut":   func(w *Writer) { w.Extra(map[string]json.RawMessage{"cut": json.RawMessage("[")}) },
	} {
		w := &Writer{}
		mark := w.Open()
		write(w)
		w.Close(mark)
		if w.Err == nil || model.KindOf(w.Err) != model.Invalid || w.Err.(*model.Error).Field != field || !json.Valid(w.B) {
			t.Errorf("%s: %v; wrote %s", field, w.Err, w.B)
		}
	}
}

func TestAppendFloat(t *testing.T) {
	for _, v := range []float64{0, 1, -0.1, 1e-9, 1e21, 123456789, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		var got float64
		if text := AppendFloat(nil, v); json.Unmarshal(text, &got) != nil || got != v {
			t.Errorf("%v is written %s", v, text)
		}
	}
}
