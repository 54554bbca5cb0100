const report = JSON.parse(document.getElementById('document').textContent);
