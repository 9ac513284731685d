"""How every report looks: plain CSS, for old and new viewers, dark mode and print.

QGIS shows reports in QtWebKit, whose CSS is of about 2013: no grid, no custom properties, no
`calc` with surprises; only floats, inline blocks and tables, which also print well.
"""

STYLE = """
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #f4f5f6; color: #1d2329;
  font: 15px/1.55 -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
#page { max-width: 860px; margin: 24px auto; padding: 36px 44px 44px; background: #ffffff;
  border: 1px solid #e1e4e7; border-radius: 6px; word-wrap: break-word; }
#maker { margin: 0 0 4px; color: #66707a; font-size: 13px; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; font-weight: 600; }
#subtitle { margin: 6px 0 0; color: #515b65; }
h2 { margin: 40px 0 8px; padding-top: 18px; border-top: 1px solid #e1e4e7; font-size: 20px;
  line-height: 1.3; font-weight: 600; }
p { margin: 8px 0; }
.part { margin: 40px 0 0; padding-top: 14px; border-top: 3px solid #c9cfd5; }
.part-title { margin: 0; color: #0072b2; font-size: 14px; font-weight: 600; }
.part-title + h2 { margin-top: 0; padding-top: 4px; border-top: 0; }
#verdict { margin: 22px 0 0; padding: 16px 20px; background: #eaf1f8;
  border-left: 5px solid #0072b2; border-radius: 3px; }
#verdict .headline { margin: 0 0 6px; font-size: 19px; line-height: 1.4; font-weight: 600; }
#verdict p { margin: 4px 0; }
#verdict.doubt { background: #fbe9df; border-left-color: #d55e00; }
.warning { margin: 12px 0 0; padding: 10px 20px; background: #fdf3e1;
  border-left: 5px solid #e69f00; border-radius: 3px; }
.wide { overflow-x: auto; margin: 14px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 1.4; }
caption { padding: 0 0 6px; text-align: left; color: #515b65; font-size: 13px; }
th { padding: 6px 9px; text-align: left; vertical-align: bottom; font-weight: 600;
  border-bottom: 2px solid #c9cfd5; }
td { padding: 6px 9px; text-align: left; vertical-align: middle;
  border-bottom: 1px solid #e6e9ec; word-wrap: break-word; }
th:first-child, td:first-child { padding-left: 2px; }
td.number, .together { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.facts td:first-child { width: 32%; color: #515b65; vertical-align: top; }
.swatch { display: inline-block; width: 13px; height: 13px; margin-right: 8px;
  vertical-align: -2px; border: 1px solid rgba(0, 0, 0, 0.35); border-radius: 2px; }
.bar { display: inline-block; width: 64px; height: 9px; margin-right: 8px; background: #e3e7eb;
  border-radius: 2px; vertical-align: 0; overflow: hidden; text-align: left; }
.bar span { display: block; height: 9px; background: #0072b2; }
.figure { margin: 16px 0; }
.figure img { max-width: 100%; height: auto; padding: 8px; background: #ffffff;
  border: 1px solid #e1e4e7; border-radius: 4px; -webkit-box-sizing: border-box;
  box-sizing: border-box; }
.caption { margin: 4px 0 0; color: #515b65; font-size: 13px; }
.strip { font-size: 0; white-space: nowrap; }
.strip img { display: inline-block; margin: 0 3px 0 0; }
td > img { display: block; max-width: 100%; height: auto; }
.pictures { margin: 14px -6px; }
.picture { display: inline-block; vertical-align: top; margin: 6px; font-size: 12px;
  line-height: 1.4; word-wrap: break-word; overflow: hidden; }
.picture img { display: block; margin-bottom: 4px; border-radius: 3px; }
#foot { margin: 44px 0 0; padding-top: 12px; border-top: 1px solid #e1e4e7; color: #66707a;
  font-size: 12px; }
@media (max-width: 760px) {
  #page { margin: 0; padding: 20px 16px; border: 0; }
  th, td { padding: 6px 6px; }
  .bar { display: none; }
  .strip img { max-width: 44px; height: auto; }
  .picture { width: 160px !important; }
  .picture img { max-width: 100%; height: auto; }
}
@media screen and (prefers-color-scheme: dark) {
  body { background: #101316; color: #e3e6e9; }
  #page { background: #191d21; border-color: #2c3238; }
  #maker, #foot { color: #98a2ac; }
  #subtitle, caption, .caption, .facts td:first-child { color: #adb6bf; }
  h2, #foot { border-top-color: #2f363d; }
  .part { border-top-color: #4a535c; }
  .part-title { color: #56b4e9; }
  #verdict { background: #1b2a38; border-left-color: #56b4e9; }
  #verdict.doubt { background: #3a261b; border-left-color: #f0884a; }
  .warning { background: #33291a; }
  th { border-bottom-color: #4a535c; }
  td { border-bottom-color: #2c3238; }
  .swatch { border-color: rgba(255, 255, 255, 0.45); }
  .bar { background: #333b43; }
  .bar span { background: #56b4e9; }
  .figure img { border-color: #191d21; }
}
@media print {
  body { background: #ffffff; color: #000000; font-size: 10.5pt; }
  #page { max-width: none; margin: 0; padding: 0; background: #ffffff; border: 0; }
  #verdict { background: #eaf1f8; border-left-color: #0072b2; }
  #verdict.doubt { background: #fbe9df; border-left-color: #d55e00; }
  .warning { background: #fdf3e1; }
  #maker, #foot, #subtitle, caption, .caption, .facts td:first-child { color: #444444; }
  h2, caption, .part-title { page-break-after: avoid; }
  tr, .short, .figure, .picture, #verdict, .warning { page-break-inside: avoid; }
  .figure img { max-height: 112mm; padding: 0; border: 0; object-fit: contain;
    object-position: left; }
  h2 { margin-top: 22px; padding-top: 12px; }
  .part { margin-top: 26px; padding-top: 10px; }
  #foot { margin-top: 16px; page-break-before: avoid; }
  h2 + p { page-break-after: avoid; page-break-inside: avoid; }
  .wide { overflow: visible; }
  pre { white-space: pre-wrap; }
  .bar { display: inline-block; }
  .strip img { max-width: 48px; height: auto; }
  .picture { width: 158px !important; }
  .picture img { max-width: 100%; height: auto; }
  .swatch { border-color: rgba(0, 0, 0, 0.35); }
  .bar { background: #e3e7eb; }
  .bar span { background: #0072b2; }
  .swatch, .bar, .bar span, #verdict, .warning { -webkit-print-color-adjust: exact;
    print-color-adjust: exact; }
}
"""
