// The words of the page itself, in two languages; what people and bots say is never touched.

const WORDS = {
  zh: {
    title: "手机模拟器", other: "English", otherLabel: "Switch to English", bot: "机器人",
    type: "写消息", send: "发送", attach: "附件", commands: "命令菜单", scan: "扫一扫", latest: "回到最新消息",
    photo: "照片", file: "文件", place: "位置", voice: "语音", video: "视频", close: "关闭",
    edited: "已编辑", today: "今天", yesterday: "昨天", noCommands: "机器人还没有设置命令", empty: "还没有消息。点一下开始：",
    start: "开始", scanWhat: "选择要扫的图片", scanNone: "手机里还没有图片。", fromDisk: "从本机选择图片…", link: "或粘贴链接",
    open: "打开", noCode: "图片里没有找到二维码", opens: "二维码的内容", share: "发送位置", latitude: "纬度", longitude: "经度",
    here: "本机位置", hereFailed: "取不到本机位置", caption: "说明（可不填）", sendAs: "发送", offline: "连接中断，正在重连…",
    failed: "没有成功", blocked: "已停用机器人", scanThis: "扫描这张图片", service: "系统消息", copied: "已复制",
    nothing: "没有要显示的手机。",
  },
  en: {
    title: "Phone simulator", other: "中文", otherLabel: "切换到中文", bot: "Bot",
    type: "Message", send: "Send", attach: "Attach", commands: "Commands", scan: "Scan", latest: "Latest messages",
    photo: "Photo", file: "File", place: "Position", voice: "Voice", video: "Video", close: "Close",
    edited: "edited", today: "Today", yesterday: "Yesterday", noCommands: "The bot has set no commands yet", empty: "No messages yet. Tap to begin:",
    start: "Start", scanWhat: "Which picture do you scan?", scanNone: "There are no pictures on the phones yet.", fromDisk: "Choose a picture…", link: "or paste a link",
    open: "Open", noCode: "No QR code in this picture", opens: "The code says", share: "Send a position", latitude: "Latitude", longitude: "Longitude",
    here: "Where I am", hereFailed: "This position is not available", caption: "Caption (optional)", sendAs: "Send", offline: "Connection lost, trying again…",
    failed: "That did not work", blocked: "Bot is blocked", scanThis: "Scan this picture", service: "Notice", copied: "Copied",
    nothing: "There are no phones to show.",
  },
};

let language = localStorage.getItem("language") === "en" ? "en" : "zh";

export const word = (key) => WORDS[language][key] ?? key;
export const locale = () => (language === "en" ? "en-GB" : "zh-CN");

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  localStorage.setItem("language", language);
}
