// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package language

import (
	"slices"
	"strings"
)

// script is one that a single language of note is written in.
type script struct {
	code     string
	from, to rune
}

var scripts = [...]script{
	{"el", 0x370, 0x400}, {"hy", 0x530, 0x590}, {"he", 0x590, 0x600}, {"hi", 0x900, 0x980}, {"bn", 0x980, 0xA00},
	{"pa", 0xA00, 0xA80}, {"gu", 0xA80, 0xB00}, {"ta", 0xB80, 0xC00}, {"te", 0xC00, 0xC80}, {"kn", 0xC80, 0xD00},
	{"ml", 0xD00, 0xD80}, {"si", 0xD80, 0xE00}, {"th", 0xE00, 0xE80}, {"lo", 0xE80, 0xF00}, {"my", 0x1000, 0x10A0},
	{"ka", 0x10A0, 0x1100}, {"am", 0x1200, 0x1380}, {"km", 0x1780, 0x1800},
}

// maxTongues bounds the languages of one table.
const maxTongues = 32

// tongues are the languages that share a script, with their commonest words and the letters that few of them have.
type tongues struct {
	codes   []string
	words   map[string]mask
	letters map[rune]mask
}

// tongue is one line of a table.
type tongue struct{ code, letters, words string }

func newTongues(list []tongue) *tongues {
	t := &tongues{words: map[string]mask{}, letters: map[rune]mask{}}
	for i, l := range list {
		t.codes = append(t.codes, l.code)
		for _, word := range slices.Compact(slices.Sorted(strings.FieldsSeq(l.words))) {
			t.words[word] |= 1 << i
		}
		for _, r := range l.letters {
			t.letters[r] |= 1 << i
		}
	}
	return t
}

var latin = newTongues([]tongue{
	{"en", "", `the of and to in is you that it he was for on are as with his they i at be this have from or one had by
		but not what all were we when your can said there use an each which she do how their if will up other about out many
		then them these so some her would make like him into has two more no could my than been who its now find down did get
		come may after should because does doesnt dont im ive cant isnt why where please thanks hello hi help write give tell
		explain between using list following me us our any just also only`},
	{"de", "äöüß", `der die das und ist in zu den nicht von sie mit sich des auf für im dem ein eine einer eines einen
		einem ich er es an als auch aus bei nach wie wir ihr noch nur oder aber vor zur bis mehr durch man sein wurde sei hat
		haben habe kann können war werden wird sind über so um zum was wenn dass daß diese dieser dieses ihre mein meine bitte
		danke hallo warum welche wo mir mich uns schreibe erkläre gib zwischen unter kein keine schon sehr gibt hier`},
	{"fr", "éèêëàâçîïôùûœ", `le la les de des du un une et est en que qui dans pour pas ne ce se sur plus par je il elle
		nous vous ils elles on au aux avec son sa ses sont mais ou où comme tout tous fait été être avoir cette ces mon ma mes
		leur leurs y si même aussi bien peut sans quoi quel quelle pourquoi comment bonjour merci jai cest lon quil dun dune
		lire votre notre entre très faire dit ont donc alors puis écris explique donne sil plaît résume texte suivant phrases`},
	{"es", "ñáéíóú¿¡", `el la los las de del un una unos y e en que es no se por con para su al lo como más pero sus le ya o
		este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni
		contra otros ese eso ante ellos esto mí antes algunos qué yo otro otras otra él tanto esa estos mucho nada muchos cual
		poco ella estar estas algo nosotros mi mis tú te ti tu tus son ser está están fue hola gracias favor cómo cuál puedo
		puedes escribe explica dame quiero resume siguiente texto frases`},
	{"it", "àèéìòù", `il lo la i gli le un uno una di a da in con su per tra fra e è che non si sono ho ha hanno del della
		dei delle nel nella al alla ai alle dal dalla sul sulla come più ma anche se questo questa questi quello quella mi ti ci
		vi ne io tu lui lei noi voi loro mio mia tuo suo sua essere fare dove quando perché cosa chi quale ciao grazie prego
		molto tutto tutti ogni senza dopo prima già ancora solo così posso puoi scrivi spiega dammi vorrei quanto riassumi seguente testo frasi`},
	{"pt", "ãõâêôáéíóúàç", `o a os as um uma uns de do da dos das em no na nos nas por pelo pela com para e é que não se mais
		mas como foi ao ele ela eles elas sua seu seus suas ou quando muito já está eu também só até isso entre era depois sem
		mesmo aos ter têm quem nos me esse essa você vocês lhe minha meu meus numa nem há ser são tem onde porque olá obrigado
		obrigada favor quais qual estou escreva explique pode posso quero isto fazer resuma texto frases`},
	{"nl", "ëï", `de het een en van in is dat op te zijn met die voor niet aan er om hij was als ook maar door ze dan bij nog
		naar uit kan heeft hebben had wat wordt worden ik je jij u we wij mijn zo over geen meer al dit deze daar hoe waarom
		waar welke kunt kun moet zal zou hallo bedankt dank alstublieft graag schrijf geef leg tussen onder veel onze zich haar
		hun wel of tot tegen volgende tekst samen zin zinnen`},
	{"sv", "åäö", `och i att det som en på är av för med den till inte har de ett om jag men var sig så från vi man nu kan när
		eller ut alla också vad hon han du mig dig min mitt dina dem denna detta sin sitt här där under efter över skulle kunde
		blir vara varför hur vilken hej tack snälla skriv förklara ge mellan mycket finns ska inga ingen bara än upp in oss`},
	{"da", "æøå", `og i at det er en til af på for ikke den der har med de et som jeg han var sig men om vi kan du så fra ved
		hvad hun nu efter eller også op ud blev være hvor hvorfor hvordan hvilken mig dig min mit dit dem denne dette sin sit her
		der under over skal ville kunne bliver hej tak venligst skriv forklar giv mellem meget findes ingen kun end os lidt af`},
	{"no", "æøå", `og i det er som en til av på for ikke den har med de et jeg han var seg men om vi kan du så fra ved hva hun nå
		etter eller også opp ut ble være hvor hvorfor hvordan hvilken meg deg min mitt ditt dem denne dette sin sitt her der under
		over skal ville kunne blir hei takk vennligst skriv forklar gi mellom mye finnes ingen bare enn oss litt noe noen mer`},
	{"fi", "äö", `ja on ei se että hän oli mutta kun niin kuin myös ovat tai jos mitä joka minä sinä me te he minun sinun olen
		olet ole voi olisi vain nyt tämä tämän tässä sitä siitä miten miksi missä milloin mikä kuka hei kiitos ole hyvä kirjoita
		selitä anna välillä paljon kaikki ennen jälkeen kanssa ilman jo vielä sekä onko eivät jotka jonka mukaan pitää`},
	{"pl", "ąćęłńóśźż", `i w na z do się nie to jest że o jak po co tak za od jego ale przez dla są czy być by był była było już
		tylko które który która może ma mam mnie mi ty ja on ona my wy oni jej ich przy pod nad także bardzo gdzie dlaczego kiedy
		kto jaki jaka jakie cześć dziękuję proszę napisz wyjaśnij podaj między więcej oraz albo lub gdy bo ten ta te tego tej jeśli`},
	{"cs", "ěščřžýáíéůúťďň", `a v se na je že s z do to o i jako za by pro tak po ale ve co jak od který která které jsem jsi jsme
		jsou být byl byla bylo jeho její ten ta tento tato toto už jen nebo při také když pokud kde proč kdy kdo jaký jaká jaké
		ahoj děkuji prosím napiš vysvětli mezi více velmi není má mám můžete může mi mě ty my vy oni než bez pod nad ještě`},
	{"sk", "ľĺŕôäčšžťýáíéúďň", `a v sa na je že s z do to o i ako za by pre tak po ale vo čo od ktorý ktorá ktoré som si sme sú byť
		bol bola bolo jeho jej ten tá tento táto toto už len alebo pri tiež keď ak kde prečo kedy kto aký aká aké ahoj ďakujem
		prosím napíš vysvetli medzi viac veľmi nie má mám môžete môže mi ma ty my vy oni než bez pod nad ešte`},
	{"hu", "őűöüóáéíú", `a az és hogy nem is egy ez azt van volt meg csak már de még ha mint el ki mi te én ő ők fel le kell lehet
		vagy ami aki amely nagyon itt ott most miért hogyan hol mikor melyik szia köszönöm kérem kérlek írj magyarázd adj között
		után előtt minden sok több nincs lesz voltak vannak lett azok ezek ezt annak ennek`},
	{"ro", "ăâîșțşţ", `și si în in de la a cu pe nu este sunt un o că ce mai din care pentru se să sa am ai au fi fost dar ca sau
		dacă când unde cum cine acest această acesta aceasta eu tu el ea noi voi ei ele meu mea te îmi îți foarte tot toate după
		prin între fără bună mulțumesc rog scrie explică dă vreau pot poate are era lui lor`},
	{"tr", "ığşçöü", `ve bir bu da de için ile ne çok mi mı mu mü olarak daha var yok gibi o ben sen biz siz onlar ama ya veya
		kadar sonra önce olan değil nasıl neden nerede kim hangi merhaba teşekkürler lütfen yaz açıkla ver arasında her şey bana
		sana beni seni olduğu eğer ise en hem mıdır nedir ki iyi şu`},
	{"vi", "ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđơư", `và của là có không được cho các một những trong người với khi này
		để đã tôi bạn ở từ đến như thế nào tại sao gì hãy xin chào cảm ơn viết giải thích rất cũng thì mà về làm sẽ đó nhiều theo`},
	{"id", "", `yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena ada mereka kamu anda kita kami
		dia adalah bisa dapat sudah atau telah oleh lebih seperti bagaimana mengapa apa siapa mana kapan halo terima kasih tolong
		tulis jelaskan berikan antara sangat banyak semua harus jika tapi tetapi lagi belum bukan agar`},
	{"hr", "čćđšž", `i u je se na da za su od s sa o a ne što kao ali po iz li koji koja koje sam si smo ste biti bio bila bilo
		njegov njezin taj ta to ovaj ova ovo već samo ili pri također kada ako gdje zašto tko kakav bok hvala molim napiši objasni
		između više vrlo nije ima imam može mi me ti oni nego bez pod nad još kako`},
	{"ca", "àçèéíïòóú", `el la els les de del un una uns i en que és no es per amb al com més però ja o aquest aquesta entre quan
		molt sense també fins hi ha on qui des tot tots són ser està què jo ell ella meu meva seu seva hola gràcies sisplau per
		quin quina puc pots escriu explica dona vull aquests dels als pel`},
	{"et", "äõöü", `ja on ei see et ta oli aga kui ka ning või mis kes ma sa me te nad minu sinu olen oled ole võib oleks ainult
		nüüd seda sellest kuidas miks kus millal milline tere aitäh palun kirjuta selgita anna vahel palju kõik enne pärast koos
		ilma juba veel pole oma siis mida`},
	{"lt", "ąčęėįšųūž", `ir yra į kad ne tai su iš ar bet kaip už buvo jis ji mes jūs jie aš tu man tau mano tavo dar jau tik arba
		kuris kuri kurie prie taip pat kai jei kur kodėl kada kas koks labas ačiū prašau parašyk paaiškink tarp labai daug visi po
		prieš be nuo iki apie`},
	{"lv", "āčēģīķļņšūž", `un ir uz ka no ar par kas bet kā vai tas tā bija viņš viņa mēs jūs viņi es tu man tev mans tavs vēl jau
		tikai kurš kura pie arī kad ja kur kāpēc sveiki paldies lūdzu uzraksti izskaidro starp ļoti daudz visi pēc pirms bez līdz
		nav būt kāds`},
})

var cyrillic = newTongues([]tongue{
	{"ru", "ыэё", `и в не на я что он с как это а по но они мы все она так его за был от же вы то ты бы у к о из мне было только ещё
		еще для когда если уже или ни да нет вот меня там чем быть есть был была были их чтобы где почему как какой какая привет
		спасибо пожалуйста напиши объясни между очень может можно нужно этот эта эти при до над под без`},
	{"uk", "іїєґ", `і й в у не на я що він з як це а по але вони ми всі вона так його за був від ж ви то ти б до о із мені було
		тільки ще для коли якщо вже або ні та є мене там ніж бути була були їх щоб де чому який яка привіт дякую будь ласка напиши
		поясни між дуже може можна треба цей ця ці при над під без`},
	{"bg", "", `и в не на аз че той с как това а по но те ние всички тя така за беше от вие то ти би у към о из ми само още когато
		ако вече или да няма ме там съм си е сме сте са където защо какъв каква здравей здравейте благодаря моля напиши обясни между
		много може трябва този тази тези при до над под без ще ли като който която което които`},
	{"sr", "јљњћђџ", `и у је се на да за су од с са о а не што као али по из ли који која које сам си смо сте бити био била било
		тај та то овај ова ово већ само или при такође када ако где зашто ко какав здраво хвала молим напиши објасни између више
		врло није има имам може ми ме ти они него без под над још како`},
	{"be", "ўі", `і ў у не на я што ён з як гэта а па але яны мы ўсе яна так яго за быў ад ж вы то ты б да аб мне было толькі яшчэ
		для калі ужо або ці ёсць мяне там быць была былі іх каб дзе чаму які якая прывітанне дзякуй калі ласка напішы патлумач
		паміж вельмі можа можаце можна трэба гэты мая мой твой ваш`},
	{"kk", "әғқңөұүһі", `және бұл мен сен ол біз сіз олар бір да де үшін емес бар жоқ қалай неге қайда кім не сәлем рахмет өтінемін
		жаз түсіндір арасында өте көп болды деп осы сол ғана немесе егер`},
})
