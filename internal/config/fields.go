// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"retort/model"
	"retort/provider/preset"
)

// field is what the tags of a struct's field say.
type field struct {
	name     string // key in the file
	doc      string
	fallback string   // default, as text
	enum     []string // allowed values of a string
	one      bool     // a value alone stands for a list of one
	short    bool     // the value alone stands for the struct
	required bool
	index    int
	typ      reflect.Type
}

// fieldsOf returns the fields of a struct that stand in the file, in order.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("yaml")
		if name == "" {
			continue
		}
		var enum []string
		switch list := f.Tag.Get("enum"); list {
		case "":
		case "@presets":
			enum = preset.Names()
		case "@kinds":
			enum = kindNames()
		default:
			enum = strings.Split(list, ",")
		}
		fields = append(fields, field{
			name: name, doc: f.Tag.Get("doc"), fallback: f.Tag.Get("default"), enum: enum,
			one: f.Tag.Get("one") != "", short: f.Tag.Get("short") != "", required: f.Tag.Get("required") != "", index: i, typ: f.Type,
		})
	}
	return fields
}

// setDefaults gives a struct and those inside it the defaults of their tags. A test proves that all of them are valid.
func setDefaults(v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		target := v.Field(f.index)
		switch {
		case f.fallback == "" && f.typ.Kind() == reflect.Struct:
			setDefaults(target)
		case f.fallback == "":
		case f.typ.Kind() == reflect.Pointer:
			target.Set(reflect.New(f.typ.Elem()))
			_ = setScalar(target.Elem(), f.fallback)
		default:
			_ = setScalar(target, f.fallback)
		}
	}
}

// shortOf returns the field of a struct whose value alone may stand for it.
func shortOf(t reflect.Type) (field, bool) {
	if t.Kind() != reflect.Struct || t == secretType {
		return field{}, false
	}
	for _, f := range fieldsOf(t) {
		if f.short {
			return f, true
		}
	}
	return field{}, false
}

// kindNames returns the names of the errors that models fail with while their caller waits.
func kindNames() []string {
	var names []string
	for kind := model.Internal; kind < model.Canceled; kind++ {
		names = append(names, kind.String())
	}
	return names
}

// KindOf returns the kind of error of a name; false when there is none.
func KindOf(name string) (model.Kind, bool) {
	i := slices.Index(kindNames(), name)
	return model.Internal + model.Kind(max(0, i)), i >= 0
}

// join returns the path of a key below a path.
func join(path, key string) string {
	if !plainKey(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// index returns the path of an item of a list.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func plainKey(key string) bool {
	for _, r := range key {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return key != ""
}
