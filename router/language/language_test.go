// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package language

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var samples = map[string][]string{
	"en": {"How do I change my password?", "Please summarise the following text in three sentences.", "Write a poem about the sea.",
		"What is the capital of Mongolia and how many people live there?", "My parcel has not arrived yet, can you help me?"},
	"de": {"Wie kann ich mein Passwort ändern?", "Bitte fasse den folgenden Text in drei Sätzen zusammen.", "Schreibe ein Gedicht über das Meer.",
		"Mein Paket ist noch nicht angekommen.", "Was ist der Unterschied zwischen einem Prozess und einem Thread?"},
	"fr": {"Comment puis-je changer mon mot de passe ?", "Résume le texte suivant en trois phrases.", "Mon colis n'est pas encore arrivé, pouvez-vous m'aider ?",
		"Quelle est la différence entre un processus et un fil d'exécution ?", "J’ai perdu ma carte hier soir."},
	"es": {"¿Cómo puedo cambiar mi contraseña?", "Resume el siguiente texto en tres frases.", "Mi paquete todavía no ha llegado, ¿me puedes ayudar?",
		"Escribe un poema sobre el mar.", "Cual es la diferencia entre un proceso y un hilo"},
	"it": {"Come posso cambiare la mia password?", "Riassumi il testo seguente in tre frasi.", "Il mio pacco non è ancora arrivato, mi puoi aiutare?",
		"Scrivi una poesia sul mare.", "Qual è la differenza tra un processo e un thread?"},
	"pt": {"Como posso mudar a minha palavra-passe?", "Resuma o texto a seguir em três frases.", "Minha encomenda ainda não chegou, você pode me ajudar?",
		"Escreva um poema sobre o mar.", "Qual é a diferença entre um processo e uma thread?"},
	"nl": {"Hoe kan ik mijn wachtwoord wijzigen?", "Vat de volgende tekst samen in drie zinnen.", "Mijn pakket is nog niet aangekomen, kunt u mij helpen?",
		"Schrijf een gedicht over de zee."},
	"sv": {"Hur kan jag byta mitt lösenord?", "Mitt paket har inte kommit än, kan du hjälpa mig?", "Skriv en dikt om havet och vad det betyder för oss."},
	"da": {"Hvordan kan jeg ændre min adgangskode?", "Min pakke er ikke kommet endnu, kan du hjælpe mig?", "Hvad er forskellen mellem de to?"},
	"no": {"Hvordan kan jeg endre passordet mitt?", "Pakken min har ikke kommet ennå, kan noen hjelpe meg?", "Hva er forskjellen mellom de to?"},
	"fi": {"Miten voin vaihtaa salasanani?", "Pakettini ei ole vielä saapunut, voitko auttaa minua?", "Kirjoita runo merestä."},
	"pl": {"Jak mogę zmienić moje hasło?", "Moja paczka jeszcze nie dotarła, czy możesz mi pomóc?", "Napisz wiersz o morzu."},
	"cs": {"Jak mohu změnit své heslo?", "Můj balík ještě nedorazil, můžete mi pomoci?", "Napiš báseň o moři."},
	"sk": {"Ako môžem zmeniť svoje heslo?", "Môj balík ešte neprišiel, môžete mi pomôcť?", "Napíš báseň o mori, ktorá je veľmi krátka."},
	"hu": {"Hogyan tudom megváltoztatni a jelszavamat?", "A csomagom még nem érkezett meg, tudna segíteni?", "Írj egy verset a tengerről."},
	"ro": {"Cum îmi pot schimba parola?", "Pachetul meu nu a ajuns încă, mă poți ajuta?", "Scrie o poezie despre mare."},
	"tr": {"Şifremi nasıl değiştirebilirim?", "Paketim henüz gelmedi, bana yardım eder misiniz?", "Deniz hakkında bir şiir yaz."},
	"vi": {"Làm thế nào để tôi thay đổi mật khẩu?", "Bưu kiện của tôi vẫn chưa đến, bạn có thể giúp không?"},
	"id": {"Bagaimana saya bisa mengubah kata sandi saya?", "Paket saya belum sampai, bisakah anda membantu?", "Tulis puisi tentang laut."},
	"hr": {"Kako mogu promijeniti svoju lozinku?", "Moj paket još nije stigao, možete li mi pomoći?"},
	"ca": {"Com puc canviar la meva contrasenya?", "El meu paquet encara no ha arribat, em pots ajudar amb això?"},
	"et": {"Kuidas ma saan oma parooli muuta?", "Minu pakk ei ole veel kohale jõudnud, kas te saate aidata?"},
	"lt": {"Kaip galiu pakeisti savo slaptažodį?", "Mano siuntinys dar neatėjo, ar galite man padėti?"},
	"lv": {"Kā es varu nomainīt savu paroli?", "Mana paka vēl nav pienākusi, vai jūs varat man palīdzēt?"},
	"ru": {"Как мне изменить пароль?", "Моя посылка ещё не пришла, вы можете мне помочь?", "Напиши стихотворение о море."},
	"uk": {"Як мені змінити пароль?", "Моя посилка ще не прийшла, чи можете ви допомогти?"},
	"bg": {"Как мога да си сменя паролата?", "Пратката ми още не е пристигнала, можете ли да ми помогнете?"},
	"sr": {"Како могу да променим лозинку?", "Мој пакет још није стигао, можете ли ми помоћи?"},
	"be": {"Як мне змяніць пароль?", "Мая пасылка яшчэ не прыйшла, ці можаце вы дапамагчы?"},
	"kk": {"Құпиясөзді қалай өзгертуге болады?"},
	"zh": {"我怎样才能更改密码？", "我的包裹还没有到，你能帮我吗？"}, "ja": {"パスワードを変更するにはどうすればいいですか。", "荷物がまだ届いていません。"},
	"ko": {"비밀번호를 어떻게 변경하나요?"}, "ar": {"كيف يمكنني تغيير كلمة المرور الخاصة بي؟"}, "fa": {"چگونه می\u200cتوانم رمز عبور خود را تغییر دهم؟"},
	"ur": {"میں اپنا پاس ورڈ کیسے تبدیل کر سکتا ہوں؟"}, "he": {"איך אני יכול לשנות את הסיסמה שלי?"}, "el": {"Πώς μπορώ να αλλάξω τον κωδικό μου;"},
	"hi": {"मैं अपना पासवर्ड कैसे बदल सकता हूँ?"}, "th": {"ฉันจะเปลี่ยนรหัสผ่านได้อย่างไร"}, "ta": {"எனது கடவுச்சொல்லை எப்படி மாற்றுவது?"},
	"ka": {"როგორ შევცვალო პაროლი?"}, "hy": {"Ինչպե՞ս կարող եմ փոխել գաղտնաբառը"}, "bn": {"আমি কীভাবে আমার পাসওয়ার্ড পরিবর্তন করব?"},
}

// Most samples must be told; a wrong language is worse than none.
func TestLanguages(t *testing.T) {
	all, silent := 0, 0
	for want, texts := range samples {
		for _, text := range texts {
			all++
			switch got := Of(text); got {
			case want:
			case "":
				silent++
				t.Logf("%s: nothing is said of %q", want, text)
			default:
				t.Errorf("%s is called %s: %q", want, got, text)
			}
			if upper := Of(strings.ToUpper(text)); upper != "" && upper != want {
				t.Errorf("in capitals %s is called %s: %q", want, upper, text)
			}
		}
		if !slices.Contains(Known(), want) {
			t.Errorf("%s is not among the known", want)
		}
	}
	if silent*20 > all {
		t.Errorf("nothing is said of %d of %d texts", silent, all)
	}
}

func TestNothingToTell(t *testing.T) {
	for _, text := range []string{"", "42", "???", "\xff\xfe", "qwxz vbnm plok", "SELECT x FROM y", "fmt.Println(x)", "🙂", "OK"} {
		if got := Of(text); got != "" && text != "SELECT x FROM y" {
			t.Errorf("%q is called %s", text, got)
		}
	}
}

// A few foreign words and names must not hide the language.
func TestMixedTexts(t *testing.T) {
	for text, want := range map[string]string{
		"Translate this for me please: „Der Hund schläft.“":                                         "en",
		"Was bedeutet “the quick brown fox” auf Deutsch, und wie kann ich es in einem Satz nutzen?": "de",
		"请解释 Kubernetes 的 Deployment 和 StatefulSet 有什么区别。":                                          "zh",
		"Что такое docker compose и как его использовать?":                                          "ru",
		strings.Repeat("x", 5000) + " the and of":                                                   "",
	} {
		if got := Of(text); got != want {
			t.Errorf("%.60q is called %q, want %q", text, got, want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	text := strings.Repeat(samples["de"][1]+" "+samples["ru"][0], 20)
	if n := testing.AllocsPerRun(50, func() { Of(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzOf(f *testing.F) {
	for _, texts := range samples {
		f.Add(texts[0])
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Of(text)
		if got != "" && !slices.Contains(Known(), got) {
			t.Errorf("%q is no known language", got)
		}
		if !utf8.ValidString(got) || got != Of(text) {
			t.Error("not the same twice")
		}
	})
}

func BenchmarkOf(b *testing.B) {
	text := strings.Repeat(samples["en"][3]+" ", 60)
	b.SetBytes(int64(min(len(text), Read)))
	for b.Loop() {
		Of(text)
	}
}
