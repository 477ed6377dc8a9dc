"""The commonest words of languages that share a script, and letters that few of them use.

Function words only, in lower case. A word that two languages share is listed under both; the
detector gives it less weight. A new language needs a line here and a sample in the tests.
"""

from __future__ import annotations

WORDS = {
    "Latn": {
        "en": "the of and to in is that for it was with as his on be at by this had not are but from or have an "
        "they which one you were all her she there would their we him been has when who will more no if out "
        "so said what up its about into than them can only other new some could these two may then do first "
        "any my now such like our over after",
        "fr": "de la le et les des en un une du que est dans qui par pour au il sur pas plus ne se ce son avec "
        "sont aux ont cette mais comme ou été sa elle nous ses leur être deux fait même après tout ces "
        "entre aussi où encore dont sans depuis selon avait très était contre alors je vous bien peut lors",
        "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me "
        "si sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde "
        "está mi porque han donde hay según tras nos contra él otros ese",
        "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das "
        "tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era "
        "depois sem mesmo aos são ter seus quem nas esse eles estão você foram segundo sobre",
        "it": "di e il la che in un a per è una sono con non del si da le i al della lo nel alla più anche come "
        "ma gli dei ha delle dal se nella era ai suo stato questo sua ed alle degli dopo ci hanno anni "
        "essere fatto tra sul contro dalla cui tutti molto due così perché",
        "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden "
        "aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur "
        "oder aber vor zur bis mehr durch man sein wurde sei ich wir habe gegen unter kann seine wenn",
        "nl": "de van het een en in is dat op te zijn met voor niet aan er om ook als die door naar bij heeft hij "
        "maar uit worden nog over wordt tot zich werd haar was ze ik hebben deze dan wel geen al hun kan "
        "had je zou meer dit onder tegen na moet veel zo omdat",
        "sv": "och i att det som en på är av för med den till inte har de om ett han men var jag sig från vi så "
        "kan när år under också efter eller nu sin där vid mot ska skulle kommer ut få finns vara hade alla "
        "andra mycket än här då sedan över",
        "da": "og i at det er en til af på som for den med de der ikke har et fra var han om men jeg sig blev vi "
        "efter også kan ved være når eller skal over hun ud år havde ham dem end bliver mod mange op nu "
        "siger hvor under blevet",
        "nb": "og i det er på som til en av for at med har de ikke den fra et han om var men seg jeg vi ble også "
        "etter kan ved være når eller skal over hun ut år hadde ham enn blir mot mange opp nå sier der hvor "
        "under blitt mer sin",
        "fi": "ja on ei se että oli hän myös mutta ovat joka kun kuin niin mukaan vuonna sen ole olla tai jo voi "
        "nyt vain jos hänen ollut sitä sekä minä tämä kanssa koko jotka joita mitä olisi kuitenkin sanoo "
        "noin siitä vielä tämän eivät",
        "pl": "w i na z się nie do to że jest o a jak po co za od ale przez są dla był tym przed roku które który "
        "oraz czy być tego już tak pod która jego może było ich będzie tylko przy została także między jej "
        "gdy ze bez",
        "cs": "a v se na je že o s z do i to k pro ve by za ale jsou po které který jako však od jeho ze byl bude "
        "až u má není jen podle už také nebo bylo při která před mezi bez jejich roku být ještě když než",
        "hu": "a az és hogy nem is egy volt ez meg csak de van azt már el mint még ki ha be kell szerint után "
        "pedig vagy lesz lehet akkor ezt minden aki amely között több első majd nagyon ami amikor nincs "
        "voltak illetve",
        "ro": "și de în a la cu că nu din pe o un pentru este care mai sau au fi să se al ce după fost prin dar "
        "ale lui sunt lor acest va această când era doar despre fără între dintre cei până toate aceste "
        "către",
        "tr": "ve bir bu da de için ile olarak çok daha olan gibi kadar sonra ise en ne var o ancak ama her değil "
        "göre olduğu ya diye büyük yeni tarafından iki oldu dedi eden üzerinde ki mi yok nin sayısı şey "
        "nasıl arasında karşı",
        "vi": "và của là có trong được cho không các một với những người để đã ở khi này về đến từ năm ra cũng "
        "nhiều như theo việc tại sẽ đó ông phải trên vào sau nước bị nhưng hơn đang lại thì rằng chỉ còn",
        "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada "
        "mereka lebih sudah oleh kata telah adalah atau kepada seperti para harus dapat bahwa namun menjadi "
        "orang tahun kami hari saat sebagai masih setelah belum kita hanya antara",
        "sw": "na ya wa kwa ni za katika la kuwa cha hiyo huo hilo kama yake alisema watu baada hii zaidi nchi "
        "hayo wake huku lakini hivyo moja pia bila pamoja kutoka wao mwaka serikali rais yao sana ambao "
        "ambayo kwamba",
        "ha": "da a na ta ya ne wannan cikin ba kuma sun wanda za domin don cewa yi shi ce an daga su kan wani "
        "bayan amma ga kasar mai wata jihar duk masu shugaban lokacin zuwa wajen tun irin gwamnatin mutane",
        "sq": "e të në dhe i për me nga një që së është më ka se do nuk u si kanë ishte edhe këtë pas duke por "
        "kjo janë tij cilat kur gjatë ndërsa sipas mes cili jo saj",
        "hr": "je i u na se da su za od s o a kao što ne iz koji to će koja ali biti samo bi nije bio po nakon "
        "više koje do sve ili još sa godine također prema kako zbog između kada bila bilo već među",
        "so": "oo ka ku iyo in u waa ay ah la uu isagoo waxaa aan si kale soo waxay wax lagu sheegay kala inuu "
        "mid looga dalka dowladda inay kuwa ugu laga badan kaas dhacay markii",
        "az": "və bu bir ilə üçün də da ki olan edib bildirib olub sonra isə daha onun həmin görə ən çox deyil "
        "deyib edən olaraq amma kimi ölkə arasında ona qarşı heç artıq onlar",
        "uz": "va bilan uchun bu bir ham qilish haqida deb bo'lgan bo‘lgan o'z o‘z edi lekin kerak emas ular "
        "uning yil davlat orqali keyin esa ammo hech shu mumkin qildi",
        "lt": "ir į kad iš su yra tai buvo jis ne bet kaip o dėl nuo po prie apie iki tik už per už jau bus kurie "
        "kuris jo jos taip pat metų pagal prieš tarp arba dar daugiau lietuvos gali buvo savo",
        "lv": "un ir ka no ar uz par kas bija tas nav bet kā lai pie pēc gan arī vai jau pirms viņš viņa tiks tika "
        "gada gadā latvijas kuri kurš līdz tikai vairāk savu būs var šo pret",
        "et": "ja on ei et see oma kui ka aga oli mis ta või siis kes mida ning juba pärast enne eesti tema selle "
        "kuid nad veel välja üle ühe aasta pole saab tuleb kohta ütles",
        "ht": "nan ki la yo pou ak te yon se pa sou li gen ap peyi fè moun sa men tou avèk lan kap oswa depi apre "
        "paske nou anpil jwenn",
    },
    "Cyrl": {
        "ru": "и в не на что с он как это по но из к у за от так для о же бы его был она мы вы все было только "
        "при того еще ещё или также после уже их были может если чтобы который которые однако году лет этот "
        "где до быть есть об со",
        "uk": "і в на не що з до та у як за це але від про його є для він був вона ми ви їх по також після вже "
        "які який під або щоб якщо року бути були може через цього між того україни при сказав із",
        "bg": "и на да се за от не е в са че по като до си с ще но това при той беше след има или който което "
        "които която както още тя към без само вече през между му бъде защото един една",
        "sr": "и у је да се на за су од са не о као што из који то ће али би није био по након више које до све "
        "или још године према како због између када била",
        "mk": "и на во да се од за не е со ќе дека беше како но по ги тоа што кои која бидат биде исто меѓу "
        "поради сите само овој оваа",
        "be": "і ў у на не што з да як за гэта але ад пра яго для ён быў яна мы іх па таксама пасля ўжо якія які "
        "або каб калі года былі можа праз",
        "kk": "және мен бен бұл үшін деп де да бір осы еді болып болды жылы туралы екен бойынша дейін кейін ол "
        "оның жоқ бар қазақстан",
        "mn": "нь байна гэж энэ юм тэр болон хэлэв байгаа бол ба оны гэсэн байсан нэг улсын хүн их болно",
        "ky": "жана менен бул үчүн деп бир болгон болуп да эмес эле кыргызстан боюнча тууралуу кийин анын",
        "tg": "ва дар аз ба ки бо ин барои аст он як бар худ мекунад шуд гуфт тоҷикистон буд ҳам",
    },
    "Arab": {
        "ar": "في من على أن إلى عن التي مع هذا الذي هذه ما كان لا بعد كما قال بين ذلك إن أو حيث لم كل وقال أنه قد "
        "منذ عام وقد قبل خلال وفي كانت ولا غير هو هي أي عند حتى ضد حول ومن ثم",
        "fa": "و در به از که این را با است برای آن یک خود تا کرد بر هم نیز شد می‌شود شده گفت اما ها می کرده باید "
        "وی هر پس ما بود دو او بین ایران است. های دیگر شود است‌ نمی‌ می‌کند",
        "ur": "کے کی میں کا ہے سے اور نے کو پر کہ ہیں یہ اس بھی کیا ایک کہا کر لیے تھا ان نہیں جو ہو وہ تو ساتھ "
        "بعد تھے گیا جا رہے رہا ہوئے گئے اپنے پاکستان",
        "ps": "د په او چې کې ته له هغه دا سره دی نه یې ده وايي کړې کړي دي شوي تر شوې هم باندې خو لپاره څخه کوي پر "
        "وو افغانستان چي",
        "ckb": "لە بە و بۆ کە ئەم لەگەڵ کرد ئەو نییە هەیە دوای کوردستان دەکات هەر یەک وەک تا بوو دەڵێت ئێستا",
        "ug": "ۋە بۇ بىر بىلەن ئۇ ئۈچۈن دەپ قىلىش بولغان ئۇيغۇر خىتاي دېدى ئىدى كېيىن ھەم",
    },
    "Deva": {
        "hi": "के की में है का से को और ने पर कि यह भी हैं एक इस लिए नहीं कर तो ही था हो वह साथ कहा बाद गया अपने रहे जो उन्होंने",
        "mr": "आणि आहे या व ते की हे तर आहेत केली केला होता होते नाही मात्र असे त्यांनी यांनी करण्यात म्हणून साठी झाली झाले आली",
        "ne": "छ र को मा ले हो पनि छन् गरेको भएको लागि यो भने गर्न भन्ने गरेका थियो उनले नेपाल तथा सहित भए गर्ने",
    },
}

# Counted at half a word each.
LETTERS = {
    "de": "ß",
    "pt": "ãõ",
    "es": "ñ¿¡",
    "pl": "łąęśżź",
    "cs": "ěřů",
    "hu": "őű",
    "ro": "șțăşţ",
    "tr": "ğı",
    "vi": "ơưđạảấầẩậắằẵặẹẻẽếềểễệịọỏốồổộớờởợụủứừửữựỳ",
    "sq": "ë",
    "az": "ə",
    "uk": "їєґ",
    "be": "ў",
    "bg": "щъ",
    "ru": "ыэ",
    "sr": "ђћјљњџ",
    "mk": "ѓќѕјљњџ",
    "kk": "әғқңұһ",
    "mn": "өү",
    "ky": "ңөү",
    "tg": "ҷӣӯҳ",
    "fa": "پچژگ",
    "ur": "ٹڈڑےںھہ",
    "ps": "ښځډړټېۍ",
    "ckb": "ێۆڵڕە",
    "ug": "ۇۈېۋڭ",
    "mr": "ळ",
}

# A short text is in a language if it has one of the first letters and none of the second, in
# this order.
OWN_LETTERS: dict[str, tuple[tuple[str, frozenset[str], frozenset[str]], ...]] = {
    "Cyrl": (
        ("be", frozenset("ў"), frozenset()),
        ("uk", frozenset("їєґ"), frozenset("ыў")),
        ("mk", frozenset("ѓќѕ"), frozenset("ыі")),
        ("sr", frozenset("ђћ"), frozenset("ыі")),
        ("ru", frozenset("ыэё"), frozenset("іўәғқңөұүһҷӣӯҳҥҙҫӗӑ")),
    ),
    "Arab": (
        ("ur", frozenset("ٹڈڑے"), frozenset()),
        ("ps", frozenset("ښځډړټېۍ"), frozenset()),
        ("ckb", frozenset("ێۆڵڕ"), frozenset()),
        ("fa", frozenset("پچژگ"), frozenset("ۇۈېۋڭەھںہةى")),
        ("ar", frozenset("ةأإ"), frozenset("پچژگکیےۇۈېۋڭەہھ")),
    ),
}
