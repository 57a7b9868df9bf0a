// Every word of the page, in each of its languages. `{name}` stands for a value.

export const TEXTS = {
  en: {
    title: "Try a model",
    otherLanguage: "中文",
    question: "Question",
    model: "Model",
    version: "Version",
    signature: "Signature",
    way: "Ask with",
    feature: "Feature name",
    wayText: "texts",
    wayClassify: "Examples (:classify)",
    wayRegress: "Examples (:regress)",
    wayJson: "JSON",
    newest: "newest ({version})",
    newestNone: "newest",
    labelOption: "{label} → {version}",
    labels: "Labels",
    versions: "Versions",
    texts: "Texts",
    textsHint: "One text per line; empty lines are left out.",
    count: "Texts: {n}",
    placeholder: "The food was good and the staff were kind.\nI waited for an hour and nobody came.",
    json: "Request body",
    jsonHint: "Made from the signature's types and shapes; change it as you like.",
    jsonShort: "The real example is too long to show: this one is cut. Give every value, in the sizes that the signature names.",
    newExample: "Example anew",
    ask: "Ask",
    stop: "Stop waiting",
    keys: "Ctrl+Enter asks",
    answer: "Answer",
    waiting: "Waiting for the answer…",
    notYet: "Nothing has been asked yet.",
    took: "{ms} ms there and back",
    stopped: "You stopped waiting. The server may still be working on the request.",
    answered: "answered",
    answeredJson: "answered; shown as JSON",
    asJson: "The server's answer as JSON",
    cut: "Cut: the whole answer has {n} characters.",
    moreLabels: "{n} more labels",
    textColumn: "text",
    noSpans: "No span was found.",
    everyToken: "Every token with its tag ({n})",
    tokenColumn: "token",
    tagColumn: "tag",
    scoreColumn: "probability",
    sameRequest: "The same request in code",
    copy: "Copy",
    copied: "Copied.",
    notCopied: "Could not copy. Select the code and copy it by hand.",
    noCode: "This request cannot be written that way. A JSON body must fit the signature.",
    models: "Models",
    noModels: "This server has no model yet. Look at its log and its base path; new models appear here by themselves.",
    noVersions: "No version found yet.",
    chosen: "chosen",
    choose: "Choose",
    signatures: "Signatures",
    noSignatures: "Not known while the version cannot be reached.",
    inputs: "in",
    outputs: "out",
    batch: "batch",
    any: "any",
    stateUNKNOWN: "unknown",
    stateSTART: "waiting to load",
    stateLOADING: "loading",
    stateAVAILABLE: "serving",
    stateUNLOADING: "being removed",
    stateEND: "removed",
    stateFailed: "could not be loaded",
    history: "Last requests",
    noHistory: "The last {n} requests stand here, with their times to compare. They are forgotten when the page is left.",
    median: "Median of {n} answers: {ms} ms",
    again: "Take request {n} again",
    failed: "error {status}",
    failedNoStatus: "no answer",
    textFirst: "Write a text first.",
    gone: "The server does not answer. It may have been stopped; this page looks again every few seconds.",
    back: "The server answers again.",
    noMetadata: "The signatures cannot be read: {why}",
    serverSaid: "Status {status}. The server's own words:",
    errorGone: "The server cannot be reached. It may have been stopped, or the connection was lost.",
    errorSilent: "The server did not answer in time.",
    error400: "The server cannot use this request. Something in it does not fit the model.",
    error404: "The server has no such model or version at the moment.",
    error408: "The request took too long to reach the server.",
    error413: "The request is larger than the server accepts. Send fewer or shorter texts.",
    error499: "The request was cancelled before it was answered.",
    error501: "The server does not support this kind of request.",
    error503: "The server is too busy, or the model is not ready. Try again in a moment.",
    error504: "The model took longer than the server allows.",
    error500: "Something went wrong inside the server or the model.",
    footer: "Your texts go to this server and nowhere else.",
  },
  zh: {
    title: "试用模型",
    otherLanguage: "English",
    question: "提问",
    model: "模型",
    version: "版本",
    signature: "签名",
    way: "提问方式",
    feature: "特征名",
    wayText: "文本",
    wayClassify: "Example（:classify）",
    wayRegress: "Example（:regress）",
    wayJson: "JSON",
    newest: "最新（{version}）",
    newestNone: "最新",
    labelOption: "{label} → {version}",
    labels: "标签",
    versions: "版本",
    texts: "文本",
    textsHint: "每行一条文本，空行会被忽略。",
    count: "共 {n} 条",
    placeholder: "这家店的服务很好，菜也好吃。\n等了一个小时也没有人来。",
    json: "请求正文",
    jsonHint: "根据签名的类型和形状生成，可随意修改。",
    jsonShort: "完整的示例太长，这里只显示一部分。请按签名写明的大小给出全部数值。",
    newExample: "重新生成示例",
    ask: "提问",
    stop: "不再等待",
    keys: "按 Ctrl+Enter 提问",
    answer: "回答",
    waiting: "正在等待回答…",
    notYet: "还没有提过问题。",
    took: "往返 {ms} 毫秒",
    stopped: "已停止等待。服务器可能仍在处理该请求。",
    answered: "已回答",
    answeredJson: "已回答，以 JSON 显示",
    asJson: "服务器的 JSON 回答",
    cut: "已截断：完整回答共 {n} 个字符。",
    moreLabels: "其余 {n} 个标签",
    textColumn: "文本",
    noSpans: "没有找到任何片段。",
    everyToken: "每个词元及其标签（{n}）",
    tokenColumn: "词元",
    tagColumn: "标签",
    scoreColumn: "概率",
    sameRequest: "同一请求的代码",
    copy: "复制",
    copied: "已复制。",
    notCopied: "复制失败。请选中代码后手动复制。",
    noCode: "无法用这种方式写出该请求。JSON 正文必须与签名相符。",
    models: "模型",
    noModels: "服务器上还没有模型。请查看服务器日志和模型目录；新模型会自动出现在这里。",
    noVersions: "尚未发现任何版本。",
    chosen: "已选",
    choose: "选择",
    signatures: "签名",
    noSignatures: "无法访问该版本，签名未知。",
    inputs: "输入",
    outputs: "输出",
    batch: "批",
    any: "任意",
    stateUNKNOWN: "未知",
    stateSTART: "等待加载",
    stateLOADING: "加载中",
    stateAVAILABLE: "服务中",
    stateUNLOADING: "正在移除",
    stateEND: "已移除",
    stateFailed: "加载失败",
    history: "最近的请求",
    noHistory: "最近 {n} 次请求及其用时会列在这里，便于比较；离开页面后即清除。",
    median: "{n} 次回答的中位用时：{ms} 毫秒",
    again: "重新载入第 {n} 次请求",
    failed: "错误 {status}",
    failedNoStatus: "无回答",
    textFirst: "请先输入文本。",
    gone: "服务器没有响应，可能已经停止；本页每隔几秒会重新检查。",
    back: "服务器已恢复响应。",
    noMetadata: "无法读取签名：{why}",
    serverSaid: "状态码 {status}。服务器的原话：",
    errorGone: "无法连接服务器。服务器可能已经停止，或连接已中断。",
    errorSilent: "服务器没有及时响应。",
    error400: "服务器无法处理该请求：其中有与模型不符之处。",
    error404: "服务器目前没有这个模型或版本。",
    error408: "请求未能及时送达服务器。",
    error413: "请求超过了服务器允许的大小。请减少文本的数量或长度。",
    error499: "请求在得到回答之前被取消。",
    error501: "服务器不支持这种请求。",
    error503: "服务器太忙，或模型尚未就绪。请稍后再试。",
    error504: "模型用时超过了服务器的限制。",
    error500: "服务器或模型内部出错。",
    footer: "您的文本只会发送到这台服务器。",
  },
};

const TAGS = { en: "en", zh: "zh-CN" };
const KEPT = "tfnlp-language";

let language = firstLanguage();

function firstLanguage() {
  try {
    const kept = localStorage.getItem(KEPT);
    if (kept in TEXTS) return kept;
  } catch {
    // Storage may be forbidden: then the browser's language each time.
  }
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in TEXTS) ?? "en";
}

/** A text of the page's language, with its values put in. */
export function t(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const has = (key) => key in TEXTS[language];

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // See above.
  }
}

/** Puts the language's words into the page's own markup. */
export function fillTexts() {
  document.documentElement.lang = TAGS[language];
  document.title = `${t("title")} · tfnlp`;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.placeholder = t(element.dataset.placeholder);
  }
  const button = document.getElementById("language");
  button.textContent = t("otherLanguage");
  button.lang = language === "en" ? TAGS.zh : TAGS.en;
}
