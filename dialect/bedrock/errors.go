// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"net/http"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/model"
)

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	code, message := readError(body)
	if said := header.Get("X-Amzn-Errortype"); said != "" {
		code = said
	}
	e := failure(status, code, message, body)
	if e.Kind == model.Unauthenticated && e.Hint == "" {
		e.Hint = "check the provider's credentials and its region, and the clock of this machine, which signatures depend on"
	}
	return reply.Advise(e, header, body)
}

// exception turns an exception in a stream into an error.
func exception(f frame) *model.Error {
	code, message := readError(f.payload)
	if len(f.name) > 0 {
		code = string(f.name)
	}
	if message == "" {
		message = string(f.text)
	}
	if message == "" {
		message = code
	}
	return failure(0, code, message, f.payload)
}

func failure(status int, code, message string, body []byte) *model.Error {
	return reply.Failure(kindOf(status, bare(code), message), status, message, body)
}

// bare returns the name of an error without the namespace before it and the URL behind it, beginning with a capital as in
// HTTP; events write the first letter small.
func bare(code string) string {
	code, _, _ = strings.Cut(code, ":")
	code = code[strings.LastIndexByte(code, '#')+1:]
	if code != "" {
		code = strings.ToUpper(code[:1]) + code[1:]
	}
	return code
}

// kinds are the errors that AWS names.
var kinds = map[string]model.Kind{
	"ValidationException":                 model.Invalid,
	"SerializationException":              model.Invalid,
	"ConflictException":                   model.Invalid,
	"AccessDeniedException":               model.Forbidden,
	"OptInRequired":                       model.Forbidden,
	"UnrecognizedClientException":         model.Unauthenticated,
	"InvalidSignatureException":           model.Unauthenticated,
	"IncompleteSignature":                 model.Unauthenticated,
	"IncompleteSignatureException":        model.Unauthenticated,
	"InvalidClientTokenId":                model.Unauthenticated,
	"MissingAuthenticationToken":          model.Unauthenticated,
	"MissingAuthenticationTokenException": model.Unauthenticated,
	"ExpiredToken":                        model.Unauthenticated,
	"ExpiredTokenException":               model.Unauthenticated,
	"RequestExpired":                      model.Unauthenticated,
	"ResourceNotFoundException":           model.NotFound,
	"UnknownOperationException":           model.NotFound,
	"ThrottlingException":                 model.RateLimited,
	"TooManyRequestsException":            model.RateLimited,
	"ServiceQuotaExceededException":       model.Exhausted,
	"ModelTimeoutException":               model.Timeout,
	"ModelErrorException":                 model.Unavailable,
	"ModelStreamErrorException":           model.Unavailable,
	"ModelNotReadyException":              model.Unavailable,
	"InternalServerException":             model.Unavailable,
	"InternalFailure":                     model.Unavailable,
	"ServiceUnavailableException":         model.Unavailable,
	"ServiceUnavailable":                  model.Unavailable,
}

// kindOf returns the kind of an error by its name, where AWS gave one, else by its status. What is wrong with a request
// AWS tells in words alone, and a model with a longer context may depend on them being understood.
func kindOf(status int, code, message string) model.Kind {
	kind, known := kinds[code]
	if !known {
		kind = model.Upstream
		if status != 0 {
			kind = reply.KindOf(status)
		}
	}
	words := strings.ToLower(message)
	switch {
	case kind == model.Invalid && tooLong(words):
		return model.TooLong
	case kind == model.Invalid && strings.Contains(words, "model identifier is invalid"):
		return model.NotFound
	case kind == model.RateLimited && strings.Contains(words, "per day"):
		return model.Exhausted
	case kind == model.Forbidden && (strings.Contains(words, "api key") || strings.Contains(words, "security token")):
		return model.Unauthenticated
	}
	return kind
}

func tooLong(words string) bool {
	for _, sign := range []string{"input is too long", "too many input tokens", "prompt is too long", "maximum context length", "exceeds the context", "context window"} {
		if strings.Contains(words, sign) {
			return true
		}
	}
	return false
}

// readError reads an error's name and message, as far as the body has them.
func readError(body []byte) (code, message string) {
	d := object.New(body)
	if d.Kind() != '{' {
		return "", ""
	}
	err := d.Members(func(key string) error {
		if d.Kind() != '"' {
			d.Skip()
			return nil
		}
		switch key {
		case "__type", "code":
			return d.Str(&code)
		case "message", "Message":
			return d.Str(&message)
		}
		d.Skip()
		return nil
	})
	if d.Done(err) != nil {
		return "", ""
	}
	return code, message
}
