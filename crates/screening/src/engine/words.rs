//! Words that say little of who a name means: legal forms, words of trade and office, places,
//! particles; and the abbreviations that stand for them. Folded spelling (see [`super::fold`]).

/// Legal forms of the world, as single folded words.
const LEGAL: &str = "ab ag ao as asa bhd bv bvba co company corp corporation cv cyf dd dmcc doo ead \
ec eood ev fze fzco fzc fzllc gk gmbh gie hf inc incorporated jsc kabushiki kaisha kft kg kk kommanditgesellschaft \
lc lda limited limitada llc llp lp ltd ltda mbh nv oao ood oojsc ooo ohg oy oyj pao pjsc plc private psc pte pt pty \
pvt qsc rl sa saa sab sad sae sal saoc saog sapa sarl sas sasu sca scs sdn sl slu snc spa spol spzoo srl sro sti \
tbk ug vof wll xk yk zao zrt anonim sirketi sti anonyme aktiengesellschaft aktiebolag besloten vennootschap \
naamloze gesellschaft haftung beschrankter osakeyhtio sociedad societe societa joint stock open closed public \
liability responsibility youxian gongsi youxiangongsi gufen yugen";

/// Words of trade, office and description.
const GENERIC: &str = "academy administration aero aerospace affair affiliate agency agriculture air airline airway \
applied art asset associate association audio authority auto automation automotive aviation bank base battery \
biotech branch brother bureau business capital cargo cement center chamber chemical city civil cloud club coal \
college commerce commercial commission committee commodity communication complex component compute computer \
computing concern consortium construction consulting container contracting control cooperation council county \
culture cyber data defense delivery department design development device digital director directorate distribution \
division drone east eastern economic education electric electrical electricity electronic electronics element \
energy engine engineering enterprise entity environment equipment establishment exchange exploration export \
express fabrication facility factory farm federal finance financial first fishing fleet food force forest forwarder \
forwarding foundation foundry freight fuel fund future gas general geological global global goods government \
great green group guard health heavy high holding hospital house import independent industrial industry \
information infrastructure innovation institute institution instrument insurance integrated intelligence \
intelligent interest intermediary international investment iron island key laboratory land light line logistic \
machine machinery main management manufacture manufacturer manufacturing marine maritime market marketing material \
mechanical media medical metal microelectronics military mine mineral mining ministry mobile motor national \
network new north northern nuclear ocean office oil online operation optical optics optoelectronics organization \
overseas partner partnership party people petrochemical petroleum pharmaceutical physics pipeline plant plastic \
platform port power precision press process processing procurement product production professional project \
property provincial quantum radio rail railway real region regional relief renewable republic research resource \
road royal safety satellite school science scientific sea secure security semiconductor sensor service shipbuilding \
ship shipping shipyard shop silicon smart social society software solar solution south southern space special \
specialized staff star state steel storage store strategic studio subsidiary supply support system team technic technical \
technique technology telecom telecommunication test testing textile tool total tourism trade trader trading \
traffic training transit transport transportation travel treasury tube union unit united universal university \
unmanned vehicle venture vessel video war water weapon web west western wholesale wind wing wireless wood work \
workshop world yard zone free";

/// Places that many names hold.
const PLACES: &str = "afghanistan africa african america american arab arabia asia asian australia australian \
baghdad bahrain beijing beirut belarus belarusian britain british burma cairo canada canadian caribbean chengdu \
china chinese chongqing cuba cuban cyprus damascus delhi dubai egypt egyptian emirate europe european france \
french fujian german germany guangdong guangxi guangzhou guizhou hangzhou harbin havana hebei hong hongkong hubei \
hunan india indian indonesia iran iranian iraq iraqi islamic istanbul italian italy japan japanese jiangsu \
jiangxi jordan kabul karachi kong korea korean kyiv lahore lebanon lebanese libya london macau malaysia malaysian \
mexico mexican minsk moscow myanmar nanjing ningbo osaka pakistan pakistani panama paris persian petersburg \
philippine pyongyang qingdao russia russian saint saudi shandong shanghai shanxi shenyang shenzhen sichuan \
singapore suzhou sydney syria syrian taipei taiwan tehran thai thailand tianjin tokyo turk turkey turkish ukraine \
ukrainian vietnam wuhan xiamen xian xinjiang yangon yemen yunnan zhejiang zhuhai";

/// Words that join others.
const PARTICLES: &str = "a al an and at bin binti bint by d da das de del della der des di do dos du e el en et \
fil for from ibn in la las le les los no nr num number of ol on or por the to u und v van von y zu its any all";

/// Abbreviations and spellings, and the word each stands for.
const EXPANSIONS: &[(&str, &str)] = &[
    ("acad", "academy"),
    ("admin", "administration"),
    ("assn", "association"),
    ("assoc", "association"),
    ("bhd", "berhad"),
    ("bldg", "building"),
    ("bros", "brother"),
    ("centre", "center"),
    ("cntr", "center"),
    ("chem", "chemical"),
    ("cie", "company"),
    ("comm", "communication"),
    ("comms", "communication"),
    ("comml", "commercial"),
    ("compania", "company"),
    ("compagnie", "company"),
    ("comp", "company"),
    ("constr", "construction"),
    ("coop", "cooperation"),
    ("cooperative", "cooperation"),
    ("coy", "company"),
    ("cpy", "company"),
    ("crp", "corporation"),
    ("corporacion", "corporation"),
    ("corporate", "corporation"),
    ("defence", "defense"),
    ("dept", "department"),
    ("dev", "development"),
    ("develop", "development"),
    ("devt", "development"),
    ("dist", "distribution"),
    ("div", "division"),
    ("elec", "electric"),
    ("elect", "electronic"),
    ("electron", "electronic"),
    ("eng", "engineering"),
    ("engg", "engineering"),
    ("engr", "engineering"),
    ("entp", "enterprise"),
    ("equip", "equipment"),
    ("est", "establishment"),
    ("exp", "export"),
    ("fin", "finance"),
    ("gen", "general"),
    ("gov", "government"),
    ("govt", "government"),
    ("grp", "group"),
    ("groupe", "group"),
    ("gruppa", "group"),
    ("grupo", "group"),
    ("gruppe", "group"),
    ("hldg", "holding"),
    ("hldgs", "holding"),
    ("hosp", "hospital"),
    ("imp", "import"),
    ("ind", "industry"),
    ("inds", "industry"),
    ("indus", "industry"),
    ("industries", "industry"),
    ("inst", "institute"),
    ("instt", "institute"),
    ("intl", "international"),
    ("int", "international"),
    ("internation", "international"),
    ("inv", "investment"),
    ("invest", "investment"),
    ("lab", "laboratory"),
    ("labs", "laboratory"),
    ("mach", "machinery"),
    ("maint", "maintenance"),
    ("mfg", "manufacturing"),
    ("mgmt", "management"),
    ("mgt", "management"),
    ("micro", "microelectronics"),
    ("mkt", "market"),
    ("mktg", "marketing"),
    ("natl", "national"),
    ("nat", "national"),
    ("org", "organization"),
    ("organisation", "organization"),
    ("pharm", "pharmaceutical"),
    ("pharma", "pharmaceutical"),
    ("petro", "petroleum"),
    ("prod", "product"),
    ("prof", "professional"),
    ("rd", "road"),
    ("res", "research"),
    ("rsch", "research"),
    ("sci", "science"),
    ("sec", "security"),
    ("semi", "semiconductor"),
    ("serv", "service"),
    ("srvc", "service"),
    ("srvce", "service"),
    ("srvs", "service"),
    ("svc", "service"),
    ("shpg", "shipping"),
    ("sys", "system"),
    ("syst", "system"),
    ("tec", "technology"),
    ("tech", "technology"),
    ("techn", "technology"),
    ("technologie", "technology"),
    ("tecnologia", "technology"),
    ("telco", "telecom"),
    ("telecoms", "telecom"),
    ("trdg", "trading"),
    ("trad", "trading"),
    ("trans", "transport"),
    ("transp", "transport"),
    ("trsp", "transport"),
    ("univ", "university"),
    ("universitet", "university"),
    ("universidad", "university"),
    ("uni", "university"),
    ("whsle", "wholesale"),
];

/// Words of Chinese and Japanese company names, and the folded words they mean; longer ones
/// first. Each is set apart by spaces before the rest is spelt in Latin letters.
pub(super) const HAN: &[(&str, &str)] = &[
    ("股份有限公司", "co ltd"),
    ("有限责任公司", "co ltd"),
    ("有限責任公司", "co ltd"),
    ("有限公司", "co ltd"),
    ("株式会社", "kabushiki kaisha"),
    ("合同会社", "gk"),
    ("集团", "group"),
    ("集團", "group"),
    ("公司", "company"),
    ("科学院", "academy science"),
    ("研究院", "research academy"),
    ("研究所", "research institute"),
    ("大学", "university"),
    ("大學", "university"),
    ("电子", "electronics"),
    ("電子", "electronics"),
    ("科技", "technology"),
    ("技术", "technology"),
    ("技術", "technology"),
    ("通信", "communication"),
    ("通讯", "communication"),
    ("信息", "information"),
    ("国际", "international"),
    ("國際", "international"),
    ("贸易", "trading"),
    ("貿易", "trading"),
    ("进出口", "import export"),
    ("进口", "import"),
    ("出口", "export"),
    ("投资", "investment"),
    ("工业", "industry"),
    ("工業", "industry"),
    ("航空", "aviation"),
    ("航天", "aerospace"),
    ("半导体", "semiconductor"),
    ("半導体", "semiconductor"),
    ("中国", "china"),
    ("中國", "china"),
    ("北京", "beijing"),
    ("上海", "shanghai"),
    ("深圳", "shenzhen"),
    ("广州", "guangzhou"),
    ("香港", "hongkong"),
    ("日本", "japan"),
];

/// What a word says of whom it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Legal form or particle: next to nothing.
    Form,
    /// A word of trade, office or description.
    Generic,
    /// A place.
    Place,
    /// A number: what tells institutes, units and branches apart.
    Number,
    /// Anything else.
    Plain,
}

/// The tables, ready to look words up in.
#[derive(Clone, Debug)]
pub(super) struct Words {
    classes: std::collections::HashMap<&'static str, Class>,
    expansions: std::collections::HashMap<&'static str, &'static str>,
}

impl Words {
    pub(super) fn new() -> Self {
        let mut classes = std::collections::HashMap::new();
        let tables = [
            (PLACES, Class::Place),
            (GENERIC, Class::Generic),
            (LEGAL, Class::Form),
            (PARTICLES, Class::Form),
        ];
        for (table, class) in tables {
            classes.extend(table.split_ascii_whitespace().map(|word| (word, class)));
        }
        let expansions = EXPANSIONS.iter().copied().collect();
        Self {
            classes,
            expansions,
        }
    }

    /// The word that a folded word stands for: abbreviations spelt out, and the plural of a
    /// generic word made singular. Others stay as they are.
    pub(super) fn expand<'a>(&self, word: &'a str) -> &'a str
    where
        'static: 'a,
    {
        if let Some(full) = self.expansions.get(word) {
            return full;
        }
        if let Some(singular) = word.strip_suffix('s') {
            if self.classes.contains_key(word) {
                return word;
            }
            if let Some(full) = self.expansions.get(singular) {
                return full;
            }
            if self
                .classes
                .get(singular)
                .is_some_and(|class| *class != Class::Form)
            {
                return singular;
            }
            if let Some(stem) = singular.strip_suffix("ie") {
                // Technologies, companies.
                let found = self.classes.keys().find(|known| {
                    known.len() == stem.len() + 1 && known.starts_with(stem) && known.ends_with('y')
                });
                if let Some(found) = found {
                    return found;
                }
            }
        }
        word
    }

    /// What an expanded word says.
    pub(super) fn class(&self, word: &str) -> Class {
        if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Class::Number;
        }
        self.classes.get(word).copied().unwrap_or(Class::Plain)
    }

    /// Every generic word, legal form, place and particle.
    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = &'static str> {
        [PLACES, GENERIC, LEGAL, PARTICLES]
            .into_iter()
            .flat_map(str::split_ascii_whitespace)
    }
}
